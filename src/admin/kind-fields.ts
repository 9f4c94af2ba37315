import type { Element } from '../config/dynamic-element.ts'
import type { Kinded, KindDefinition } from '../config/kind.ts'
import { findEntry, type ConfigNode } from '../config/node.ts'
import { writtenOut, type Json } from '../config/written-out.ts'

/** `{ stripPrefix: { prefixes: […] } }` */
export function kindFields({ node, value }: Element<Kinded<KindDefinition>>): Record<string, Json> {
  const { name, options } = value.definition
  return { [name]: writtenOut(innerNode(node, name) ?? node, options) }
}

export function innerNode(node: ConfigNode, key: string): ConfigNode | undefined {
  return node.kind === 'map' ? findEntry(node, key)?.entry.node : undefined
}
