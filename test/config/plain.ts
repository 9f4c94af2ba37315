import type { ConfigNode } from '../../src/config/node.ts'

export type Plain = string | number | bigint | boolean | readonly Plain[] | { readonly [key: string]: Plain }

/** A tree of nodes without its positions. */
export function plain(node: ConfigNode): Plain {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]))
}

/** Every leaf with its path and where it was written: `a.b 2:6`. */
export function positions(node: ConfigNode, path = ''): string[] {
  const { source } = node
  const place = source.kind === 'file' ? `${source.line}:${source.column}` : JSON.stringify(source)
  if (node.kind === 'scalar') return [`${path} ${place}`]
  if (node.kind === 'list') return node.items.flatMap((item, index) => positions(item, `${path}[${index}]`))
  return [...node.entries].flatMap(([key, entry]) => positions(entry.node, path === '' ? key : `${path}.${key}`))
}
