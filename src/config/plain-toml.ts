import type { ConfigNode, ListNode, MapEntry, MapNode, ScalarNode } from './node.ts'
import type { Source } from './problem.ts'
import type { Steps } from './steps.ts'

/**
 * Reads the plain part of TOML: tables, arrays of tables, keys without dots, and values that stand on one line. Gives
 * undefined for whatever else it meets (dates, other notations of numbers, texts over several lines, mistakes of any
 * kind), which is for the complete parser. For what it reads, the two agree to the column; see `readPlainYaml`.
 */
export function* readPlainToml(file: string, text: string): Steps<ConfigNode | undefined> {
  const reader = new PlainToml(file, text)
  while (reader.readLine()) yield
  return reader.result
}

interface Table {
  readonly node: MapNode
  readonly entries: Map<string, MapEntry>
  /** What lies below, as far as it is written in headers. */
  readonly below: Map<string, Table | TableList>
  /** Has a header of its own; a second one is a mistake. */
  isNamed: boolean
}

interface TableList {
  readonly items: MapNode[]
  last: Table
}

interface Key {
  readonly name: string
  readonly source: Source
}

const blank = /[ \t]*(?:#[\t -~\u00a1-\u1fff]*)?(?:\n|$)/y
const space = /[ \t]*/y
const bareKey = /[\w-]+/y
const equals = /[ \t]*=[ \t]*/y
const basic = /"(?:[ !#-[\]-~\u00a1-\u1fff]|\\(?:["\\bfnrt]|u(?!d[89a-f])[0-9a-f]{4}))*"/iy
const literal = /'[ -&(-~\u00a1-\u1fff]*'/y
const number = /[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?=[ \t\n,\]}#]|$)/y
const truth = /(?:true|false)(?=[ \t\n,\]}#]|$)/y
const comma = /[ \t]*,[ \t]*/y

class PlainToml {
  /** The document's node, once it has been read to its end. */
  result: ConfigNode | undefined
  readonly #file: string
  readonly #text: string
  readonly #root: Table
  #table: Table
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    while (this.#at < text.length && this.#takeLineEnd());
    this.#skip(space)
    this.#root = openTable(this.#source)
    this.#table = this.#root
  }

  /** False at the end, whether or not the text could be read. */
  readLine(): boolean {
    if (this.#at === this.#text.length) {
      if (this.#root.entries.size > 0) this.result = this.#root.node
      return false
    }
    if (this.#takeLineEnd()) return true
    this.#skip(space)
    const isRead = this.#text[this.#at] === '[' ? this.#readHeader() : this.#readPair(this.#table)
    return isRead && this.#takeLineEnd()
  }

  get #source(): Source {
    return { kind: 'file', file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #take(pattern: RegExp): string | undefined {
    const from = this.#at
    return this.#skip(pattern) ? this.#text.slice(from, this.#at) : undefined
  }

  #takeLineEnd(): boolean {
    if (!this.#skip(blank)) return false
    this.#line += 1
    this.#lineStart = this.#at
    return true
  }

  #takeKey(): Key | undefined {
    const source = this.#source
    const name = this.#take(bareKey) ?? this.#takeText()
    return name === undefined ? undefined : { name, source }
  }

  #takeText(): string | undefined {
    const text = this.#take(basic)
    // The escapes that the pattern lets pass mean the same in JSON.
    if (text !== undefined) return text.includes('\\') ? parseJson(text) : text.slice(1, -1)
    return this.#take(literal)?.slice(1, -1)
  }

  /** `[a.b]` or `[[a.b]]`. */
  #readHeader(): boolean {
    const isList = this.#text[this.#at + 1] === '['
    this.#at += isList ? 2 : 1
    const steps: Key[] = []
    do {
      const key = this.#takeKey()
      if (key === undefined) return false
      steps.push(key)
    } while (this.#skip(/\./y))
    const last = steps.pop()!
    if (!this.#skip(isList ? /\]\]/y : /\]/y)) return false
    let owner: Table | undefined = this.#root
    for (const key of steps) owner = owner && tableBelow(owner, key)
    const table = owner && (isList ? nextOfList(owner, last) : namedTable(owner, last))
    if (table === undefined) return false
    this.#table = table
    return true
  }

  #readPair({ entries }: Pick<Table, 'entries'>): boolean {
    const key = this.#takeKey()
    if (key === undefined || entries.has(key.name) || !this.#skip(equals)) return false
    const node = this.#takeValue()
    if (node === undefined) return false
    entries.set(key.name, { keySource: key.source, node })
    return true
  }

  #takeValue(): ConfigNode | undefined {
    const source = this.#source
    const { [this.#at]: first } = this.#text
    if (first === '[') return this.#takeArray({ kind: 'list', items: [], source })
    if (first === '{') return this.#takeInlineTable({ kind: 'map', entries: new Map(), source })
    return this.#takeScalar(source)
  }

  #takeScalar(source: Source): ScalarNode | undefined {
    const text = this.#takeText()
    // Three quotes begin a text of its own kind.
    if (text !== undefined)
      return /["']/.test(this.#text[this.#at] ?? '') ? undefined : { kind: 'scalar', text, value: text, source }
    const written = this.#take(number)
    if (written?.includes('.') === true) return { kind: 'scalar', text: written, value: Number(written), source }
    if (written !== undefined) return { kind: 'scalar', text: String(BigInt(written)), value: BigInt(written), source }
    const word = this.#take(truth)
    return word === undefined ? undefined : { kind: 'scalar', text: word, value: word === 'true', source }
  }

  #takeArray(node: ListNode & { readonly items: ConfigNode[] }): ConfigNode | undefined {
    this.#at += 1
    this.#skip(space)
    if (this.#skip(/\]/y)) return node
    do {
      const item = this.#takeValue()
      if (item === undefined) return undefined
      node.items.push(item)
    } while (this.#skip(comma))
    this.#skip(space)
    return this.#skip(/\]/y) ? node : undefined
  }

  #takeInlineTable(node: MapNode & { readonly entries: Map<string, MapEntry> }): ConfigNode | undefined {
    this.#at += 1
    this.#skip(space)
    if (this.#skip(/\}/y)) return node
    do if (!this.#readPair(node)) return undefined
    while (this.#skip(comma))
    this.#skip(space)
    return this.#skip(/\}/y) ? node : undefined
  }
}

function openTable(source: Source): Table {
  const entries = new Map<string, MapEntry>()
  return { node: { kind: 'map', entries, source }, entries, below: new Map(), isNamed: false }
}

/** A table on the way to another; of a list of tables it is the last one. */
function tableBelow(owner: Table, { name, source }: Key): Table | undefined {
  const found = owner.below.get(name)
  if (found !== undefined) return 'last' in found ? found.last : found
  if (owner.entries.has(name)) return undefined
  const table = openTable(source)
  owner.below.set(name, table)
  owner.entries.set(name, { keySource: source, node: table.node })
  return table
}

function namedTable(owner: Table, key: Key): Table | undefined {
  if (isList(owner.below.get(key.name))) return undefined
  const table = tableBelow(owner, key)
  if (table === undefined || table.isNamed) return undefined
  table.isNamed = true
  return table
}

function nextOfList(owner: Table, { name, source }: Key): Table | undefined {
  const found = owner.below.get(name)
  const table = openTable(source)
  if (isList(found)) {
    found.items.push(table.node)
    found.last = table
    return table
  }
  if (owner.entries.has(name)) return undefined
  const items = [table.node]
  owner.below.set(name, { items, last: table })
  owner.entries.set(name, { keySource: source, node: { kind: 'list', items, source } })
  return table
}

function isList(found: Table | TableList | undefined): found is TableList {
  return found !== undefined && 'last' in found
}

function parseJson(text: string): string {
  return JSON.parse(text) as string
}
