import { type AST, ParseError, parseTOML } from 'toml-eslint-parser'
import type { ParsedDocument } from './document.ts'
import type { ConfigNode, MapEntry } from './node.ts'
import type { Source } from './problem.ts'

/** TOML 1.0. The parser stops at the first syntax error, duplicate keys included. */
export function parseToml(file: string, text: string): ParsedDocument {
  const sourceOf = (place: { readonly line: number; readonly column: number }): Source => ({
    kind: 'file',
    file,
    line: place.line,
    column: place.column + 1,
  })
  try {
    const [table] = parseTOML(text, { tomlVersion: '1.0' }).body
    return { node: new Converter(text, (node) => sourceOf(node.loc.start)).convertTopLevel(table), problems: [] }
  } catch (thrown) {
    if (thrown instanceof ParseError) {
      const source = sourceOf({ line: thrown.lineNumber, column: thrown.column })
      const message = thrown.message.charAt(0).toLowerCase() + thrown.message.slice(1)
      return { node: undefined, problems: [{ severity: 'error', source, path: '', message }] }
    }
    if (!(thrown instanceof RangeError)) throw thrown
    const source = sourceOf({ line: 1, column: 0 })
    return { node: undefined, problems: [{ severity: 'error', source, path: '', message: 'is nested too deeply' }] }
  }
}

/** TOML adds to a table from many places, so tables and arrays of tables grow while they are read. */
interface GrowingMap {
  readonly kind: 'map'
  readonly entries: Map<string, MapEntry & { readonly node: GrowingNode }>
  readonly source: Source
}

interface GrowingList {
  readonly kind: 'list'
  readonly items: GrowingNode[]
  readonly source: Source
}

type GrowingNode = GrowingMap | GrowingList | (ConfigNode & { readonly kind: 'scalar' })

type SourceOf = (node: AST.TOMLNode) => Source

class Converter {
  readonly #text: string
  readonly #sourceOf: SourceOf

  constructor(text: string, sourceOf: SourceOf) {
    this.#text = text
    this.#sourceOf = sourceOf
  }

  convertTopLevel(table: AST.TOMLTopLevelTable): ConfigNode {
    const root: GrowingMap = { kind: 'map', entries: new Map(), source: this.#sourceOf(table) }
    for (const part of table.body) {
      const owner = part.type === 'TOMLTable' ? this.#openTable(root, part) : root
      const pairs = part.type === 'TOMLTable' ? part.body : [part]
      for (const pair of pairs) this.#setKeyValue(owner, pair)
    }
    return root
  }

  /** `resolvedKey` has a number after each name that stands for an array of tables. */
  #openTable(root: GrowingMap, table: AST.TOMLTable): GrowingMap {
    const names = table.key.keys.values()
    let source = this.#sourceOf(table)
    let node: GrowingNode = root
    for (const [depth, step] of table.resolvedKey.entries()) {
      const next = table.resolvedKey[depth + 1]
      if (typeof step === 'number') {
        node = openItem(node, step, source)
        continue
      }
      const name = names.next().value
      source = name === undefined ? source : this.#sourceOf(name)
      node = openEntry(node, { key: step, source, isList: typeof next === 'number' })
    }
    return node.kind === 'map' ? node : root
  }

  #setKeyValue(table: GrowingMap, pair: AST.TOMLKeyValue): void {
    const keys = pair.key.keys
    const last = keys.at(-1)
    if (last === undefined) return
    let owner: GrowingNode = table
    for (const key of keys.slice(0, -1)) {
      owner = openEntry(owner, { key: keyText(key), source: this.#sourceOf(key), isList: false })
    }
    if (owner.kind !== 'map') return
    owner.entries.set(keyText(last), { keySource: this.#sourceOf(last), node: this.#convertValue(pair.value) })
  }

  #convertValue(content: AST.TOMLContentNode): GrowingNode {
    const source = this.#sourceOf(content)
    if (content.type === 'TOMLArray') {
      return { kind: 'list', items: content.elements.map((element) => this.#convertValue(element)), source }
    }
    if (content.type === 'TOMLInlineTable') {
      const map: GrowingMap = { kind: 'map', entries: new Map(), source }
      for (const pair of content.body) this.#setKeyValue(map, pair)
      return map
    }
    return { kind: 'scalar', ...this.#convertScalar(content), source }
  }

  #convertScalar(content: AST.TOMLValue): {
    readonly text: string
    readonly value: string | number | bigint | boolean
  } {
    switch (content.kind) {
      case 'string':
        return { text: content.value, value: content.value }
      case 'boolean':
        return { text: String(content.value), value: content.value }
      case 'integer':
        return { text: String(content.bigint), value: content.bigint }
      case 'float':
        return { text: floatText(content), value: content.value }
      default: {
        const written = this.#text.slice(content.range[0], content.range[1])
        return { text: written, value: written }
      }
    }
  }
}

interface NewEntry {
  readonly key: string
  readonly source: Source
  readonly isList: boolean
}

function openEntry(owner: GrowingNode, { key, source, isList }: NewEntry): GrowingNode {
  if (owner.kind !== 'map') return owner
  const existing = owner.entries.get(key)
  if (existing !== undefined) return existing.node
  const node: GrowingNode = isList ? { kind: 'list', items: [], source } : { kind: 'map', entries: new Map(), source }
  owner.entries.set(key, { keySource: source, node })
  return node
}

function openItem(owner: GrowingNode, index: number, source: Source): GrowingNode {
  if (owner.kind !== 'list') return owner
  const existing = owner.items[index]
  if (existing !== undefined) return existing
  const node: GrowingMap = { kind: 'map', entries: new Map(), source }
  owner.items.push(node)
  return node
}

function keyText(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value
}

function floatText(float: AST.TOMLFloatValue): string {
  return /^[+-]?\d+\.\d+$/.test(float.number) ? float.number : String(float.value)
}
