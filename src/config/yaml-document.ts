import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { ParsedDocument } from './document.ts'
import type { ConfigNode, MapEntry, MapNode, ScalarNode } from './node.ts'
import { type Problem, ProblemCollector, type Source, sortProblems } from './problem.ts'

// A bomb of nested aliases is small as text and endless for whoever walks it. Honest files repeat a few middlewares.
export const maximumAliasedNodes = 1_000_000

const tooDeep = 'is nested too deeply'

/** YAML 1.2 core: `yes`, `no`, `on` and `off` are strings; anchors and merge keys work; duplicate keys are errors. */
export function parseYaml(file: string, text: string): ParsedDocument {
  const lines = new LineCounter()
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      version: '1.2',
      merge: true,
      intAsBigInt: true,
      prettyErrors: false,
      // The converter finds duplicates itself: it knows where the first one stood.
      uniqueKeys: false,
    })
    return convertDocuments([...parsed], (offset) => positionOf(file, lines, offset))
  } catch (thrown) {
    // Both the parser and the converter recurse; what is nested beyond the stack is no configuration.
    if (!(thrown instanceof RangeError)) throw thrown
    const source: Source = { kind: 'file', file, line: 1, column: 1 }
    return { node: undefined, problems: [syntaxError(source, tooDeep)] }
  }
}

type SourceAt = (offset: number) => Source

function convertDocuments(documents: readonly Document.Parsed[], sourceAt: SourceAt): ParsedDocument {
  const [first, ...others] = documents
  const emptyMap: MapNode = { kind: 'map', entries: new Map(), source: sourceAt(0) }
  if (first === undefined) return { node: emptyMap, problems: [] }
  const problems = syntaxProblems(documents, sourceAt)
  if (problems.length > 0) return { node: undefined, problems }

  const converter = new Converter(sourceAt)
  const node = converter.convert(first.contents) ?? emptyMap
  for (const other of others) {
    if (isNothing(other.contents)) continue
    converter.error(startOf(other.contents), 'begins a second document (expected one document in a file)')
  }
  for (const warning of first.warnings) converter.error(warning.pos[0], sentence(warning.message))
  return { node: converter.isExhausted ? undefined : node, problems: converter.problems.sorted() }
}

/** One syntax error often makes the parser stumble on: the first of each line is enough. */
function syntaxProblems(documents: readonly Document.Parsed[], sourceAt: SourceAt): Problem[] {
  const errors = documents.flatMap((document) => document.errors)
  const problems = errors.map((error) => syntaxError(sourceAt(error.pos[0]), sentence(error.message)))
  const lines = new Set<number>()
  return sortProblems(problems).filter(({ source }) => {
    if (source.kind !== 'file' || lines.has(source.line)) return false
    lines.add(source.line)
    return true
  })
}

class Converter {
  readonly problems = new ProblemCollector()
  readonly #sourceAt: SourceAt
  readonly #anchors = new Map<string, Anchored | 'open'>()
  #nodes = 0
  #aliasedNodes = 0

  constructor(sourceAt: SourceAt) {
    this.#sourceAt = sourceAt
  }

  get isExhausted(): boolean {
    return this.#aliasedNodes > maximumAliasedNodes
  }

  error(offset: number, message: string): void {
    this.problems.add(syntaxError(this.#sourceAt(offset), message))
  }

  /** Undefined for null: Traefik takes a key whose value is null as absent. */
  convert(written: unknown): ConfigNode | undefined {
    if (isAlias(written)) return this.#resolve(written)
    const anchor = isMap(written) || isSeq(written) || isScalar(written) ? written.anchor : undefined
    const before = this.#nodes
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const node = this.#convertPlain(written)
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size: this.#nodes - before })
    return node
  }

  #convertPlain(written: unknown): ConfigNode | undefined {
    this.#nodes++
    const source = this.#sourceAt(startOf(written))
    if (isMap(written)) return { kind: 'map', entries: this.#entriesOf(written), source }
    if (isScalar(written)) return convertScalar(written, source)
    if (!isSeq(written)) return undefined
    const items: ConfigNode[] = []
    for (const item of written.items) {
      const node = this.convert(item)
      if (node !== undefined) items.push(node)
      else if (!isAlias(item)) this.error(startOf(item), 'has an empty item (expected a value)')
    }
    return { kind: 'list', items, source }
  }

  #entriesOf(written: YAMLMap): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>()
    const merges: ConfigNode[] = []
    const seen = new Map<string, Source>()
    for (const pair of written.items) {
      const key = this.#keyOf(pair)
      if (key === undefined) continue
      const node = this.convert(pair.value)
      if (key.isMerge) {
        if (node !== undefined) merges.push(node)
        continue
      }
      const first = seen.get(key.name)
      if (first?.kind === 'file') {
        const message = `duplicate key ${JSON.stringify(key.name)} (first given on line ${first.line})`
        this.problems.add(syntaxError(key.source, message))
        continue
      }
      seen.set(key.name, key.source)
      if (node !== undefined) entries.set(key.name, { keySource: key.source, node })
    }
    for (const merge of merges) this.#mergeInto(entries, { seen, merge })
    return entries
  }

  /** `<<`: what is written in the map itself wins, and so does what comes first in a list of merged maps. */
  #mergeInto(entries: Map<string, MapEntry>, from: { seen: ReadonlyMap<string, Source>; merge: ConfigNode }): void {
    const { seen, merge } = from
    if (merge.kind === 'list') {
      for (const item of merge.items) this.#mergeInto(entries, { seen, merge: item })
      return
    }
    if (merge.kind !== 'map') {
      this.problems.add(syntaxError(merge.source, 'can not be merged with << (expected a map or a list of maps)'))
      return
    }
    for (const [key, entry] of merge.entries) {
      if (!entries.has(key) && !seen.has(key)) entries.set(key, entry)
    }
  }

  #keyOf(pair: Pair): { readonly name: string; readonly source: Source; readonly isMerge: boolean } | undefined {
    const { key } = pair
    if (isAlias(key)) {
      const node = this.#resolve(key)
      if (node === undefined) return undefined
      if (node.kind === 'scalar') return { name: node.text, source: this.#sourceAt(startOf(key)), isMerge: false }
    }
    if (isScalar(key) && key.anchor !== undefined) this.convert(key)
    if (!isScalar(key) || key.value === null) {
      this.error(startOf(key) || startOf(pair.value), 'is not a key (expected text)')
      return undefined
    }
    const name = key.source ?? String(key.value)
    return { name, source: this.#sourceAt(startOf(key)), isMerge: key.type === 'PLAIN' && name === '<<' }
  }

  #resolve(alias: Alias): ConfigNode | undefined {
    const anchored = this.#anchors.get(alias.source)
    if (anchored === undefined) {
      this.error(startOf(alias), `unknown anchor "${alias.source}" (an anchor must stand before its alias)`)
      return undefined
    }
    if (anchored === 'open') {
      this.error(startOf(alias), `alias "${alias.source}" stands within its own anchor`)
      return undefined
    }
    const wasExhausted = this.isExhausted
    this.#nodes += anchored.size
    this.#aliasedNodes += anchored.size
    if (this.isExhausted && !wasExhausted) {
      this.error(startOf(alias), `aliases make this too large (at most ${maximumAliasedNodes} values through aliases)`)
    }
    return anchored.node
  }
}

interface Anchored {
  readonly node: ConfigNode | undefined
  /** How many nodes somebody meets who walks it. */
  readonly size: number
}

function convertScalar(scalar: Scalar, source: Source): ScalarNode | undefined {
  const { value } = scalar
  if (value === null || value === undefined) return undefined
  if (typeof value === 'boolean') return { kind: 'scalar', text: String(value), value, source }
  if (typeof value === 'bigint' || typeof value === 'number') {
    return { kind: 'scalar', text: numberText(value, scalar.source), value, source }
  }
  return { kind: 'scalar', text: String(value), value: String(value), source }
}

/** Decimal numbers stay as written (a version "1.10", a password "007"); other notations become decimal. */
function numberText(value: bigint | number, written: string | undefined): string {
  if (written !== undefined && /^[+-]?\d+(\.\d+)?$/.test(written)) return written
  if (typeof value === 'bigint' || !Number.isInteger(value)) return String(value)
  return BigInt(value).toString()
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

function startOf(written: unknown): number {
  const hasRange = isMap(written) || isSeq(written) || isScalar(written) || isAlias(written)
  return (hasRange ? written.range?.[0] : undefined) ?? 0
}

function positionOf(file: string, lines: LineCounter, offset: number): Source {
  const { line, col } = lines.linePos(offset)
  return { kind: 'file', file, line: Math.max(line, 1), column: Math.max(col, 1) }
}

function syntaxError(source: Source, message: string): Problem {
  return { severity: 'error', source, path: '', message }
}

/** The parser's messages are sentences of their own; ours follow a colon. */
function sentence(message: string): string {
  // The parser recurses, and reports its own overflow as a syntax error.
  if (message.includes('call stack')) return tooDeep
  const advice = advices.find(([start]) => message.startsWith(start))?.[1]
  const plain = message.charAt(0).toLowerCase() + message.slice(1)
  return advice === undefined ? plain : `${plain} (${advice})`
}

/** What most often is behind the parser's words. */
const advices: readonly (readonly [start: string, advice: string])[] = [
  ['Nested mappings are not allowed', 'is a line indented too far, or does a value with ": " in it lack quotes?'],
  ['Implicit map keys need to be followed', 'is there a colon and a space after the key?'],
  ['Implicit keys need to be on a single line', 'is a colon missing, or a quote or bracket not closed?'],
]
