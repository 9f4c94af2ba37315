import type { ConfigNode, ListNode, MapEntry, MapNode, ScalarNode } from './node.ts'
import type { Source } from './problem.ts'
import { takeTomlText } from './plain-toml-text.ts'
import type { Steps } from './steps.ts'

/**
 * Reads the plain part of TOML: all of it but dates, other notations of numbers, and tables of which a part is written
 * in dotted keys and another with a header. Gives undefined for these and for mistakes of any kind, which are for the
 * complete parser. For what it reads, the two agree to the column; see `readPlainYaml`.
 */
export function* readPlainToml(file: string, text: string): Steps<ConfigNode | undefined> {
  const reader = new PlainToml(file, text)
  while (reader.readLine()) yield
  return reader.result
}

/** What keys and values can be written into. */
interface Pairs {
  readonly node: MapNode
  readonly entries: Map<string, MapEntry>
  /** What its dotted keys have made. */
  dotted: Map<string, Pairs> | undefined
}

interface Table extends Pairs {
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

const blank = /[ \t]*(?:#[\t -~\u00a1-\u1fff\u2030-\ud7ff]*)?(?:\r?\n|$)/y
const space = /[ \t]*/y
const bareKey = /[\w-]+/y
const dot = /[ \t]*\.[ \t]*/y
const equals = /[ \t]*=[ \t]*/y
const number = /[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?=[ \t\r\n,\]}#]|$)/y
const truth = /(?:true|false)(?=[ \t\r\n,\]}#]|$)/y
const comma = /[ \t]*,[ \t]*/y
const commaOrNot = /,?/y

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
    const name = this.#take(bareKey) ?? this.#takeText('on one line')
    return name === undefined ? undefined : { name, source }
  }

  #takeText(extent: 'on one line' | 'over lines'): string | undefined {
    const read = takeTomlText(this.#text, this.#at)
    if (read === undefined || (extent === 'on one line' && read.isOverLines)) return undefined
    this.#goTo(read.end)
    return read.text
  }

  #goTo(end: number): void {
    for (let at = this.#text.indexOf('\n', this.#at); at >= 0 && at < end; at = this.#text.indexOf('\n', at + 1)) {
      this.#line += 1
      this.#lineStart = at + 1
    }
    this.#at = end
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
    } while (this.#skip(dot))
    const last = steps.pop()!
    if (!this.#skip(isList ? /\]\]/y : /\]/y)) return false
    let owner: Table | undefined = this.#root
    for (const key of steps) owner = owner && tableBelow(owner, key)
    const table = owner && (isList ? nextOfList(owner, last) : namedTable(owner, last))
    if (table === undefined) return false
    this.#table = table
    return true
  }

  #readPair(table: Pairs): boolean {
    let key = this.#takeKey()
    let owner: Pairs | undefined = table
    while (key !== undefined && this.#skip(dot)) {
      owner = owner && dottedBelow(owner, key)
      key = this.#takeKey()
    }
    if (key === undefined || owner === undefined || owner.entries.has(key.name) || !this.#skip(equals)) return false
    const node = this.#takeValue()
    if (node === undefined) return false
    owner.entries.set(key.name, { keySource: key.source, node })
    return true
  }

  #takeValue(): ConfigNode | undefined {
    const source = this.#source
    const { [this.#at]: first } = this.#text
    if (first === '[') return this.#takeArray({ kind: 'list', items: [], source })
    if (first === '{') return this.#takeInlineTable(openTable(source))
    return this.#takeScalar(source)
  }

  #takeScalar(source: Source): ScalarNode | undefined {
    const text = this.#takeText('over lines')
    if (text !== undefined) return { kind: 'scalar', text, value: text, source }
    const written = this.#take(number)
    if (written?.includes('.') === true) return { kind: 'scalar', text: written, value: Number(written), source }
    if (written !== undefined) return { kind: 'scalar', text: String(BigInt(written)), value: BigInt(written), source }
    const word = this.#take(truth)
    return word === undefined ? undefined : { kind: 'scalar', text: word, value: word === 'true', source }
  }

  /** The one value that may have lines of its own. */
  #takeArray(node: ListNode & { readonly items: ConfigNode[] }): ConfigNode | undefined {
    this.#at += 1
    this.#skipLines()
    while (!this.#skip(/\]/y)) {
      const item = this.#takeValue()
      if (item === undefined) return undefined
      node.items.push(item)
      this.#skipLines()
      const hasComma = this.#text[this.#at] === ','
      this.#skip(commaOrNot)
      this.#skipLines()
      if (!hasComma && this.#text[this.#at] !== ']') return undefined
    }
    return node
  }

  #skipLines(): void {
    while (this.#at < this.#text.length && this.#takeLineEnd());
    this.#skip(space)
  }

  #takeInlineTable(table: Pairs): ConfigNode | undefined {
    this.#at += 1
    this.#skip(space)
    if (this.#skip(/\}/y)) return table.node
    do if (!this.#readPair(table)) return undefined
    while (this.#skip(comma))
    this.#skip(space)
    return this.#skip(/\}/y) ? table.node : undefined
  }
}

function openTable(source: Source): Table {
  const entries = new Map<string, MapEntry>()
  return { node: { kind: 'map', entries, source }, entries, dotted: undefined, below: new Map(), isNamed: false }
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

/** `a.b = 1` makes `a`, and adds to it where another dotted key has made it. */
function dottedBelow(owner: Pairs, { name, source }: Key): Pairs | undefined {
  const found = owner.dotted?.get(name)
  if (found !== undefined) return found
  if (owner.entries.has(name)) return undefined
  const table = openTable(source)
  owner.dotted ??= new Map()
  owner.dotted.set(name, table)
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
