import type { ConfigNode, ListNode, MapEntry, MapNode } from './node.ts'
import type { OpenAnchor } from './plain-yaml-anchors.ts'
import type { PlainKey, PlainText } from './plain-yaml-text.ts'

/** A map whose end has not been read yet. */
export interface OpenMap {
  readonly kind: 'map'
  readonly node: MapNode
  readonly entries: Map<string, MapEntry>
  /** Column of its keys, from 0; in brackets it means nothing. */
  readonly indent: number
  readonly anchor: OpenAnchor | undefined
  /** Keys without a value: they are not there, but are no place for others either. */
  nulls: Set<string> | undefined
  /** Values of `<<`. */
  merges: ConfigNode[] | undefined
  /** A key whose value comes next. */
  openKey: PlainKey | undefined
  /** The anchor of that value. */
  nextAnchor: OpenAnchor | undefined
}

export interface OpenList {
  readonly kind: 'list'
  readonly node: ListNode
  readonly items: ConfigNode[]
  /** Column of its dashes. */
  readonly indent: number
  readonly anchor: OpenAnchor | undefined
  /** A dash whose value comes next. */
  isOpen: boolean
  nextAnchor: OpenAnchor | undefined
}

export type Open = OpenMap | OpenList

export function openMap({ source, column }: PlainText, anchor: OpenAnchor | undefined): OpenMap {
  const entries = new Map<string, MapEntry>()
  const node: MapNode = { kind: 'map', entries, source }
  const nothing = { nulls: undefined, merges: undefined, openKey: undefined, nextAnchor: undefined }
  return { kind: 'map', node, entries, indent: column, anchor, ...nothing }
}

export function openList({ source, column }: PlainText, anchor: OpenAnchor | undefined): OpenList {
  const items: ConfigNode[] = []
  const node: ListNode = { kind: 'list', items, source }
  return { kind: 'list', node, items, indent: column, anchor, isOpen: false, nextAnchor: undefined }
}

export function isWaiting(open: Open): boolean {
  return open.kind === 'map' ? open.openKey !== undefined : open.isOpen
}

/** Gives the node to the key or dash that waits for it. */
export function attach(owner: Open, node: ConfigNode): void {
  owner.nextAnchor = undefined
  if (owner.kind === 'list') {
    owner.items.push(node)
    owner.isOpen = false
    return
  }
  const { openKey } = owner
  if (openKey === undefined) return
  owner.openKey = undefined
  if (openKey.isMerge) (owner.merges ??= []).push(node)
  else owner.entries.set(openKey.name, { keySource: openKey.source, node })
}

/** False where there must be a value. */
export function attachNull(owner: Open): boolean {
  if (owner.kind === 'list' || owner.nextAnchor !== undefined) return false
  const { openKey } = owner
  if (openKey !== undefined && !openKey.isMerge) (owner.nulls ??= new Set()).add(openKey.name)
  owner.openKey = undefined
  return true
}

export function hasKey({ entries, nulls }: OpenMap, { name, isMerge }: PlainKey): boolean {
  return !isMerge && (entries.has(name) || nulls?.has(name) === true)
}

/** `<<`, once the whole map has been read: what is written in it wins. False for what can not be merged. */
export function mergeAll({ entries, nulls, merges = [] }: OpenMap): boolean {
  for (const merge of merges) {
    for (const map of merge.kind === 'list' ? merge.items : [merge]) {
      if (map.kind !== 'map') return false
      for (const [key, entry] of map.entries) {
        if (!entries.has(key) && nulls?.has(key) !== true) entries.set(key, entry)
      }
    }
  }
  return true
}
