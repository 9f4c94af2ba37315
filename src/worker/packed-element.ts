import { sectionPaths, type Element, type Section } from '../config/dynamic-element.ts'
import type { ConfigNode, MapEntry } from '../config/node.ts'
import type { Source } from '../config/problem.ts'

/** An element as it was written, before decoding: what can cross from one process to another. */
export interface WrittenElement {
  readonly section: Section
  readonly name: string
  readonly path: string
  readonly source: Source
  readonly node: ConfigNode
}

/*
 * Thousands of routers are sent at once, so the text is compact: JSON, a node a short array that begins with its kind,
 * and a place in the element's own file just two numbers. Structured cloning of the same takes ten times as long.
 */
type Place = readonly [line: number, column: number] | Source
type PackedNode =
  | readonly ['s', Place, text: string]
  | readonly ['v', Place, text: string, value: string | number | boolean]
  /** What JSON has no number for. */
  | readonly ['n', Place, text: string, number: string]
  | readonly ['l', Place, readonly PackedNode[]]
  | readonly ['m', Place, readonly PackedEntry[]]
type PackedEntry = readonly [key: string, Place, PackedNode]
type PackedElement = readonly [Section, name: string, path: string, Source, PackedNode]

export function packElements(elements: readonly WrittenElement[]): string {
  return JSON.stringify(elements.map(packElement))
}

/** What `packElements` made, as it was. */
export function unpackElements(packed: string): WrittenElement[] {
  // Nobody but this program's own supervisor writes to the channel.
  const elements = JSON.parse(packed) as PackedElement[]
  return elements.map(([section, name, path, source, node]) => {
    return { section, name, path, source, node: unpackNode(node, fileOf(source)) }
  })
}

export function writtenElement(section: Section, { name, path, source, node }: Element<unknown>): WrittenElement {
  return { section, name, path, source, node }
}

/** `httpRouters` → `['http', 'routers']` */
export function sectionKeys(section: Section): readonly [string, string] {
  const [group = '', name = ''] = sectionPaths[section].split('.')
  return [group, name]
}

function packElement({ section, name, path, source, node }: WrittenElement): PackedElement {
  return [section, name, path, source, packNode(node, fileOf(source))]
}

function packNode(node: ConfigNode, file: string): PackedNode {
  const place = packPlace(node.source, file)
  switch (node.kind) {
    case 'scalar':
      if (node.value === node.text) return ['s', place, node.text]
      if (isBeyondJson(node.value)) return ['n', place, node.text, String(node.value)]
      return ['v', place, node.text, node.value]
    case 'list':
      return ['l', place, node.items.map((item) => packNode(item, file))]
    case 'map':
      return ['m', place, [...node.entries].map((entry) => packEntry(entry, file))]
  }
}

function isBeyondJson(value: string | number | bigint | boolean): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
}

/** Digits were a bigint; the rest is `Infinity`, `-Infinity` or `NaN`. */
function unpackNumber(text: string): number | bigint {
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text)
}

function packEntry([key, { keySource, node }]: [string, MapEntry], file: string): PackedEntry {
  return [key, packPlace(keySource, file), packNode(node, file)]
}

function unpackNode(packed: PackedNode, file: string): ConfigNode {
  const source = unpackPlace(packed[1], file)
  switch (packed[0]) {
    case 's':
      return { kind: 'scalar', text: packed[2], value: packed[2], source }
    case 'v':
      return { kind: 'scalar', text: packed[2], value: packed[3], source }
    case 'n':
      return { kind: 'scalar', text: packed[2], value: unpackNumber(packed[3]), source }
    case 'l':
      return { kind: 'list', items: packed[2].map((item) => unpackNode(item, file)), source }
    case 'm':
      return { kind: 'map', entries: new Map(packed[2].map((entry) => unpackEntry(entry, file))), source }
  }
}

function unpackEntry([key, place, node]: PackedEntry, file: string): [string, MapEntry] {
  return [key, { keySource: unpackPlace(place, file), node: unpackNode(node, file) }]
}

function packPlace(source: Source, file: string): Place {
  return source.kind === 'file' && source.file === file ? [source.line, source.column] : source
}

function unpackPlace(place: Place, file: string): Source {
  return isPosition(place) ? { kind: 'file', file, line: place[0], column: place[1] } : place
}

function isPosition(place: Place): place is readonly [number, number] {
  return Array.isArray(place)
}

function fileOf(source: Source): string {
  return source.kind === 'file' ? source.file : ''
}
