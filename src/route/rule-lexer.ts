/**
 * A piece of a rule. Offsets and lengths count UTF-16 units of the rule's text. A `break` is a line break that ends an
 * expression, as Go's automatic semicolon does; `bad` is always the last token, its value says what is wrong.
 */
export interface Token {
  readonly kind: 'name' | 'text' | 'symbol' | 'break' | 'end' | 'bad'
  readonly offset: number
  readonly length: number
  /** The name, the symbol, the string that a literal stands for, or the message of a bad token. */
  readonly value: string
}

/** A string literal of a rule with what it stands for. */
export interface Literal {
  readonly value: string
  readonly offset: number
  readonly length: number
}

const name = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const symbol = /&&|\|\||[!(),]/y
const blank = /[ \t\r]+/y
const comment = /\/\/[^\n]*|\/\*[^]*?\*\//y

/** Cuts a rule into the tokens of Go's expression syntax that the rule language uses. Ends with `end` or `bad`. */
export function tokenizeRule(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const blankEnd = skipBlank(text, at)
    const lineBreak = text.slice(at, blankEnd).indexOf('\n')
    if (lineBreak >= 0 && endsExpression(tokens.at(-1))) {
      tokens.push({ kind: 'break', offset: at + lineBreak, length: 1, value: '' })
    }
    if (blankEnd === text.length) break
    const token = readToken(text, blankEnd)
    tokens.push(token)
    if (token.kind === 'bad') return tokens
    at = blankEnd + token.length
  }
  tokens.push({ kind: 'end', offset: text.length, length: 0, value: '' })
  return tokens
}

/** Where in the rule's text the character stands that a literal's value has at `index`. */
export function offsetInLiteral(text: string, literal: Literal, index: number): number {
  return literal.offset + readString(text, literal.offset, index).length
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const length = text[at] === '\n' ? 1 : lengthAt(blank, text, at) || lengthAt(comment, text, at)
    if (length === 0) return at
    at += length
  }
  return at
}

/** Go's rule: a line break counts after a name, a literal or a closing parenthesis, and is blank elsewhere. */
function endsExpression(last: Token | undefined): boolean {
  return last?.kind === 'name' || last?.kind === 'text' || last?.value === ')'
}

function readToken(text: string, offset: number): Token {
  const quote = text[offset]
  if (quote === '`' || quote === '"') return readLiteral(text, offset)
  const nameLength = lengthAt(name, text, offset)
  if (nameLength > 0) return plainToken('name', text, { offset, length: nameLength })
  const symbolLength = lengthAt(symbol, text, offset)
  if (symbolLength > 0) return plainToken('symbol', text, { offset, length: symbolLength })
  return { kind: 'bad', offset, ...strangeCharacter(text, offset) }
}

function plainToken(kind: 'name' | 'symbol', text: string, at: { offset: number; length: number }): Token {
  return { kind, ...at, value: text.slice(at.offset, at.offset + at.length) }
}

function strangeCharacter(text: string, offset: number): { length: number; value: string } {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0)
  const length = character.length
  if ("'‘’‚“”„´".includes(character)) {
    return { length, value: `${character} does not begin a string (use back-ticks or double quotes)` }
  }
  if (character === '&' || character === '|') {
    return { length, value: `unexpected ${character} (did you mean ${character.repeat(2)}?)` }
  }
  if (text.startsWith('/*', offset)) return { length: 2, value: 'the comment is not closed (*/ is missing)' }
  return { length, value: `unexpected ${JSON.stringify(character)}` }
}

function readLiteral(text: string, offset: number): Token {
  const read = readString(text, offset, Infinity)
  if (read.flaw !== undefined) {
    const { at, length, value } = read.flaw
    return { kind: 'bad', offset: offset + at, length, value }
  }
  return { kind: 'text', offset, length: read.length, value: read.value }
}

interface StringReading {
  readonly value: string
  /** Characters of the rule's text taken, quotes included. */
  readonly length: number
  readonly flaw?: { readonly at: number; readonly length: number; readonly value: string }
}

/** Reads a string literal until its end or until its value has `limit` characters. */
function readString(text: string, offset: number, limit: number): StringReading {
  return text[offset] === '`' ? readRaw(text, offset, limit) : readQuoted(text, offset, limit)
}

function readRaw(text: string, offset: number, limit: number): StringReading {
  let value = ''
  for (let at = offset + 1; at < text.length; at++) {
    if (value.length >= limit) return { value, length: at - offset }
    if (text[at] === '`') return { value, length: at + 1 - offset }
    // Go drops carriage returns from raw strings, so a rule reads the same with either line ending.
    if (text[at] !== '\r') value += text[at]
  }
  return notClosed('`')
}

function readQuoted(text: string, offset: number, limit: number): StringReading {
  let value = ''
  let at = offset + 1
  while (at < text.length && text[at] !== '\n') {
    if (value.length >= limit) return { value, length: at - offset }
    if (text[at] === '"') return { value, length: at + 1 - offset }
    if (text[at] !== '\\') {
      value += text[at++]
      continue
    }
    const escape = readEscape(text, at)
    if (escape === undefined) {
      const length = Math.min(2, text.length - at)
      const shown = text.slice(at, at + length)
      return { value, length: 0, flaw: { at: at - offset, length, value: `${shown} is not an escape of a Go string` } }
    }
    value += escape.value
    at += escape.length
  }
  return notClosed('"')
}

function notClosed(quote: string): StringReading {
  return { value: '', length: 0, flaw: { at: 0, length: 1, value: `the string is not closed (${quote} is missing)` } }
}

const simpleEscapes = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
])
const codePointEscape = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y
// Neighbours are read together: `\xc3\xa9` are the two bytes of one character.
const byteEscapes = /(?:\\(?:x[\da-fA-F]{2}|[0-3][0-7]{2}))+/y

function readEscape(text: string, at: number): { value: string; length: number } | undefined {
  const simple = simpleEscapes.get(text[at + 1] ?? '')
  if (simple !== undefined) return { value: simple, length: 2 }
  const bytesLength = lengthAt(byteEscapes, text, at)
  if (bytesLength > 0) return { value: decodeBytes(text.slice(at, at + bytesLength)), length: bytesLength }
  codePointEscape.lastIndex = at
  const match = codePointEscape.exec(text)
  if (match === null) return undefined
  const codePoint = parseInt(match[1] ?? match[2] ?? '', 16)
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return undefined
  return { value: String.fromCodePoint(codePoint), length: match[0].length }
}

function decodeBytes(escapes: string): string {
  const bytes = escapes
    .split('\\')
    .slice(1)
    .map((escape) => (escape.startsWith('x') ? parseInt(escape.slice(1), 16) : parseInt(escape, 8)))
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex - at : 0
}
