import type { ScalarNode } from './node.ts'
import type { Source } from './problem.ts'

export interface PlainKey {
  readonly name: string
  readonly source: Source
}

/** In brackets, commas and brackets end a scalar. */
export type Surroundings = 'block' | 'brackets'

// Printable ASCII and letters of the first planes. What is missing from a pattern is for the complete parser.
const content = / *(?:#[\x20-\x7e\u00a1-\u1fff]*)?/y
const lineEnd = / *(?: #[\x20-\x7e\u00a1-\u1fff]*)?(?:\n|$)/y
const spaces = / */y
const quoted = /"(?:[ !#-[\]-~\u00a1-\u1fff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|'(?:[ -&(-~\u00a1-\u1fff]|'')*'/y
const plainKey = /[A-Za-z0-9_/][\w./@+-]*(?=:(?:[ \n]|$))/y
const plain = {
  block: /[\w/.+(^$=\\-][!-~\u00a1-\u1fff]*(?: +[!"$-~\u00a1-\u1fff][!-~\u00a1-\u1fff]*)*/y,
  brackets: /[\w/.+(^$=\\-][!-+\--Z\\^-z|~]*(?: +[!"$-+\--Z\\^-z|~][!-+\--Z\\^-z|~]*)*/y,
}

/** Longer ones must be marked as keys in YAML. */
const longestKey = 1000

/** The text of a YAML document, read from its beginning to its end. Every `take` gives undefined for what is not plain. */
export class PlainText {
  line = 1
  readonly #file: string
  readonly #text: string
  #at = 0
  #lineStart = 0

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    if (text.startsWith('---\n')) this.#beginLine(4)
  }

  /** From 0. */
  get column(): number {
    return this.#at - this.#lineStart
  }

  get source(): Source {
    return { kind: 'file', file: this.#file, line: this.line, column: this.column + 1 }
  }

  get isEnd(): boolean {
    return this.#at === this.#text.length
  }

  get isDash(): boolean {
    return this.#text[this.#at] === '-' && isBlank(this.#text[this.#at + 1])
  }

  get isBrace(): boolean {
    return this.#text[this.#at] === '{'
  }

  get opensBracket(): boolean {
    return this.isBrace || this.#text[this.#at] === '['
  }

  get isKey(): boolean {
    const at = this.#at
    const isKey = this.takeKey('block') !== undefined
    this.#at = at
    return isKey
  }

  closes(kind: 'map' | 'list'): boolean {
    return this.#text[this.#at] === (kind === 'map' ? '}' : ']')
  }

  /** To the next character that is neither space nor comment. */
  skipToContent(): void {
    this.#skipOver(content)
    while (this.#text[this.#at] === '\n') {
      this.#beginLine(this.#at + 1)
      this.#skipOver(content)
    }
  }

  skipDash(): void {
    this.#at += 1
    if (!this.#isLineEnd) this.#skipOver(spaces)
  }

  /** One character. */
  skip(): void {
    this.#at += 1
  }

  /** Line breaks included. */
  skipSpace(): void {
    this.#skipOver(spaces)
    while (this.#text[this.#at] === '\n') {
      this.#beginLine(this.#at + 1)
      this.#skipOver(spaces)
    }
  }

  takeComma(): boolean {
    if (this.#text[this.#at] !== ',') return false
    this.skip()
    this.skipSpace()
    return true
  }

  /** A key with its colon, up to its value. */
  takeKey(where: Surroundings): PlainKey | undefined {
    const { source } = this
    const name = this.#take(plainKey) ?? this.#takeQuoted()
    if (name === undefined || name.length > longestKey || isNull(name) || this.#text[this.#at] !== ':') return undefined
    this.#at += 1
    // Behind a quoted key in brackets, the colon needs no space.
    if (where === 'block' && !isBlank(this.#text[this.#at])) return undefined
    if (!this.#isLineEnd) this.#skipOver(spaces)
    return { name, source }
  }

  takeScalar(where: Surroundings): ScalarNode | undefined {
    const { source, column } = this
    const literal = this.#takeQuoted()
    if (literal !== undefined) return { kind: 'scalar', text: literal, value: literal, source }
    // At the beginning of a line, `---` would be no scalar.
    const text = column === 0 ? undefined : this.#take(plain[where])
    return text === undefined ? undefined : plainScalar(text, source)
  }

  /** True when nothing but a comment was left of the line, which is behind the reader then. */
  takeLineEnd(): boolean {
    if (!this.#isLineEnd) return false
    if (this.#text[lineEnd.lastIndex - 1] === '\n') this.#beginLine(lineEnd.lastIndex)
    else this.#at = lineEnd.lastIndex
    return true
  }

  get #isLineEnd(): boolean {
    lineEnd.lastIndex = this.#at
    return lineEnd.test(this.#text)
  }

  #beginLine(at: number): void {
    this.#at = at
    this.#lineStart = at
    this.line += 1
  }

  #skipOver(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return undefined
    const taken = this.#text.slice(this.#at, pattern.lastIndex)
    this.#at = pattern.lastIndex
    return taken
  }

  #takeQuoted(): string | undefined {
    const first = this.#text[this.#at]
    if (first !== '"' && first !== "'") return undefined
    const literal = this.#take(quoted)
    if (literal === undefined) return undefined
    const inner = literal.slice(1, -1)
    if (first === "'") return inner.includes("'") ? inner.replaceAll("''", "'") : inner
    // The escapes that the pattern lets pass mean the same in JSON.
    return inner.includes('\\') ? (JSON.parse(literal) as string) : inner
  }
}

const whole = /^[-+]?[0-9]+$/
const decimal = /^[-+]?[0-9]+\.[0-9]+$/
/** Other notations of numbers in YAML's core schema. */
const oddNumber =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/
const truth = /^(?:true|True|TRUE)$/
const untruth = /^(?:false|False|FALSE)$/

function plainScalar(text: string, source: Source): ScalarNode | undefined {
  if (text.endsWith(':') || text.includes(': ') || /^-(?: |$)/.test(text) || isNull(text)) return undefined
  if (/^[-+.0-9]/.test(text)) {
    if (whole.test(text)) return { kind: 'scalar', text, value: BigInt(text), source }
    if (decimal.test(text)) return { kind: 'scalar', text, value: Number(text), source }
    if (oddNumber.test(text)) return undefined
  }
  if (truth.test(text)) return { kind: 'scalar', text: 'true', value: true, source }
  if (untruth.test(text)) return { kind: 'scalar', text: 'false', value: false, source }
  return { kind: 'scalar', text, value: text, source }
}

function isNull(text: string): boolean {
  return text === 'null' || text === 'Null' || text === 'NULL'
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === undefined
}
