import type { ScalarNode } from './node.ts'
import { takeBlock, takePlainLines, takeQuotedLines, unquoted, type TextOverLines } from './plain-yaml-lines.ts'
import type { Source } from './problem.ts'

export interface PlainKey {
  readonly name: string
  readonly source: Source
  /** `<<` without quotes. */
  readonly isMerge: boolean
}

/** In brackets, commas and brackets end a scalar. */
export type Surroundings = 'block' | 'brackets'

// Printable ASCII and letters. What is missing from a pattern is for the complete parser.
const content = / *(?:#[\x20-\x7e\u00a1-\u2027\u202a-\ufefe]*)?/y
const lineEnd = / *(?: #[\x20-\x7e\u00a1-\u2027\u202a-\ufefe]*)?(?:\r?\n|$)/y
const spaces = / */y
const quoted =
  /"(?:[ !#-[\]-~\u00a1-\u2027\u202a-\ufefe]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|'(?:[ -&(-~\u00a1-\u2027\u202a-\ufefe]|'')*'/y
const comment = /#[\x20-\x7e\u00a1-\u2027\u202a-\ufefe]*/y
const lineBreak = /\r?\n/y
const plainKey = /(?:[A-Za-z0-9_/][\w./@+-]*|<<)(?=:(?:[ \r\n]|$))/y
const anchor = /&[\w-]+(?: +|(?=\r?\n))/y
const alias = /\*[\w-]+(?=[ ,\]}\r\n]|$)/y
const tag = /!!(?:str|int|float|bool) +/y
const nothing = /(?:~|null|Null|NULL)(?= *(?:[,\]}\r\n]| #|$))/y
const plain = {
  block:
    /[\w/.+(^$=\\\u00a1-\u2027\u202a-\ufefe-][!-~\u00a1-\u2027\u202a-\ufefe]*(?: +[!"$-~\u00a1-\u2027\u202a-\ufefe][!-~\u00a1-\u2027\u202a-\ufefe]*)*/y,
  brackets:
    /[\w/.+(^$=\\\u00a1-\u2027\u202a-\ufefe-][!-+\--Z\\^-z|~\u00a1-\u2027\u202a-\ufefe]*(?: +[!"$-+\--Z\\^-z|~][!-+\--Z\\^-z|~\u00a1-\u2027\u202a-\ufefe]*)*/y,
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
    while (this.#takeLineBreak()) this.#skipOver(content)
  }

  skipDash(): void {
    this.#at += 1
    if (!this.#isLineEnd) this.#skipOver(spaces)
  }

  /** One character. */
  skip(): void {
    this.#at += 1
  }

  /** Line breaks and comments included. True when a line has begun. */
  skipSpace(): boolean {
    const { line } = this
    do {
      this.#skipOver(spaces)
      if (this.#isComment) this.#skipOver(comment)
    } while (this.#takeLineBreak())
    return this.line > line
  }

  takeComma(): boolean {
    if (this.#text[this.#at] !== ',') return false
    this.skip()
    return true
  }

  /** A key with its colon, up to its value. */
  takeKey(where: Surroundings): PlainKey | undefined {
    const { source } = this
    const plainName = this.#take(plainKey)
    const name = plainName ?? this.#takeQuoted()
    if (name === undefined || name.length > longestKey || isNull(name) || this.#text[this.#at] !== ':') return undefined
    this.#at += 1
    // Behind a quoted key in brackets, the colon needs no space.
    if (where === 'block' && !isBlank(this.#text[this.#at])) return undefined
    if (!this.#isLineEnd) this.#skipOver(spaces)
    return { name, source, isMerge: plainName === '<<' }
  }

  /** The name of an anchor whose node comes next. */
  takeAnchor(): string | undefined {
    return this.#text[this.#at] === '&' ? this.#take(anchor)?.slice(1).trimEnd() : undefined
  }

  takeAlias(): string | undefined {
    return this.#text[this.#at] === '*' ? this.#take(alias)?.slice(1) : undefined
  }

  takeNull(): boolean {
    return this.#take(nothing) !== undefined
  }

  takeScalar(where: Surroundings): ScalarNode | undefined {
    const tagged = this.#text[this.#at] === '!' ? this.#take(tag)?.trimEnd() : undefined
    const { source, column } = this
    const literal = this.#takeQuoted()
    if (literal !== undefined) return asTagged({ kind: 'scalar', text: literal, value: literal, source }, tagged)
    // At the beginning of a line, `---` would be no scalar.
    const text = column === 0 ? undefined : this.#take(plain[where])
    const scalar = text === undefined ? undefined : plainScalar(text, source)
    if (tagged === '!!str' && text !== undefined && scalar !== undefined) {
      return { kind: 'scalar', text, value: text, source }
    }
    return scalar && asTagged(scalar, tagged)
  }

  /** One that may go on over lines which are indented by so much at least. */
  takeScalarLines(leastIndent: number): ScalarNode | undefined {
    const { source } = this
    const start = { written: this.#text, at: this.#at, leastIndent }
    const { [this.#at]: first } = this.#text
    if (first === '|' || first === '>') return this.#takeOver(takeBlock(start), source)
    const scalar = this.takeScalar('block')
    if (first === '"' || first === "'") return scalar ?? this.#takeOver(takeQuotedLines(start), source)
    if (scalar === undefined || first === '!') return scalar
    const more = takePlainLines(this.#text.slice(start.at, this.#at), { ...start, at: this.#at })
    return more?.end === this.#at ? scalar : this.#takeOver(more, source)
  }

  /** True when nothing but a comment was left of the line, which is behind the reader then. */
  takeLineEnd(): boolean {
    if (!this.#isLineEnd) return false
    if (this.#text[lineEnd.lastIndex - 1] === '\n') this.#beginLine(lineEnd.lastIndex)
    else this.#at = lineEnd.lastIndex
    return true
  }

  #takeOver(read: TextOverLines | undefined, source: Source): ScalarNode | undefined {
    if (read === undefined) return undefined
    const { text, end } = read
    for (let at = this.#text.indexOf('\n', this.#at); at >= 0 && at < end; at = this.#text.indexOf('\n', at + 1)) {
      this.#beginLine(at + 1)
    }
    this.#at = end
    return { kind: 'scalar', text, value: text, source }
  }

  #takeLineBreak(): boolean {
    lineBreak.lastIndex = this.#at
    if (!lineBreak.test(this.#text)) return false
    this.#beginLine(lineBreak.lastIndex)
    return true
  }

  get #isComment(): boolean {
    return this.#text[this.#at] === '#' && this.#text[this.#at - 1] === ' '
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
    return unquoted(literal)
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

const typeOfTag: Readonly<Record<string, string>> = {
  '!!str': 'string',
  '!!int': 'bigint',
  '!!float': 'number',
  '!!bool': 'boolean',
}

/** Undefined where the tag makes something else of the scalar than it would be without. */
function asTagged(scalar: ScalarNode, tagged: string | undefined): ScalarNode | undefined {
  return tagged === undefined || typeof scalar.value === typeOfTag[tagged] ? scalar : undefined
}

function isNull(text: string): boolean {
  return text === 'null' || text === 'Null' || text === 'NULL'
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === undefined
}
