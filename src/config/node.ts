import type { Source } from './problem.ts'

/** One configuration value as written, whatever it was written in: YAML, TOML, JSON, flags or environment. */
export type ConfigNode = ScalarNode | ListNode | MapNode

export interface ScalarNode {
  readonly kind: 'scalar'
  /** Everything decodes from text (Traefik §1.2); numbers are in decimal and booleans in lower case. */
  readonly text: string
  /** The value by the rules of its language, for messages and for free-form options. */
  readonly value: string | number | bigint | boolean
  readonly source: Source
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly ConfigNode[]
  readonly source: Source
}

export interface MapNode {
  readonly kind: 'map'
  /** Keys as written. A key whose value is null is not here: null means absent. */
  readonly entries: ReadonlyMap<string, MapEntry>
  readonly source: Source
}

export interface MapEntry {
  readonly keySource: Source
  readonly node: ConfigNode
}

/** The items of a list of scalars that is written as one text (Traefik §1.2). */
export function splitAtCommas(node: ScalarNode): ScalarNode[] {
  return node.text.split(',').map((part) => ({ ...node, text: part.trim(), value: part.trim() }))
}

/** For messages: what was found where something else was expected. */
export function describeNode(node: ConfigNode): string {
  if (node.kind === 'scalar') return JSON.stringify(shortened(node.text))
  return node.kind === 'list' ? 'a list' : 'a map'
}

/** A whole file can be one text. */
function shortened(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`
}

const shownCharacters = 60

/** The entry whose key is `key`, letters of either case: files, flags and variables all write keys as they like. */
export function findEntry(map: MapNode, key: string): { readonly key: string; readonly entry: MapEntry } | undefined {
  const exact = map.entries.get(key)
  if (exact !== undefined) return { key, entry: exact }
  const wanted = key.toLowerCase()
  for (const [candidate, entry] of map.entries) {
    if (candidate.toLowerCase() === wanted) return { key: candidate, entry }
  }
  return undefined
}
