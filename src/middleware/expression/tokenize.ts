/** A piece of an expression. Offsets count UTF-16 units. `bad` is always the last one: its value says what is wrong. */
export interface Token {
  readonly kind: 'name' | 'integer' | 'float' | 'text' | 'symbol' | 'end' | 'bad'
  readonly offset: number
  readonly length: number
  /** The name, number or symbol as written, the text that a literal stands for, or the message of a bad token. */
  readonly value: string
}

type Lexeme = Omit<Token, 'offset'>

const blank = /\s*/y
const name = /[A-Za-z_]\w*/y
/** Go's floats have a point or an exponent; without either a number is an integer, which is another type. */
const float = /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y
const integer = /\d+/y
const symbol = /&&|\|\||[<>=!]=|[<>(),]/y
const raw = /`[^`]*`/y
const quoted = /"(?:[^"\\\n]|\\[\\"])*"/y

/** Cuts an expression into the tokens of the part of Go's syntax that the language uses. Ends with `end` or `bad`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let offset = match(blank, text, 0).length
  while (offset < text.length) {
    const lexeme = readLexeme(text, offset)
    tokens.push({ offset, ...lexeme })
    if (lexeme.kind === 'bad') return tokens
    offset += lexeme.length
    offset += match(blank, text, offset).length
  }
  tokens.push({ kind: 'end', offset: text.length, length: 0, value: '' })
  return tokens
}

const kinds = [
  ['name', name],
  ['float', float],
  ['integer', integer],
  ['symbol', symbol],
] as const

function readLexeme(text: string, offset: number): Lexeme {
  for (const [kind, pattern] of kinds) {
    const value = match(pattern, text, offset)
    if (value !== '') return { kind, length: value.length, value }
  }
  return readText(text, offset) ?? { kind: 'bad', length: 1, value: complaint(text, offset) }
}

function readText(text: string, offset: number): Lexeme | undefined {
  const inTicks = match(raw, text, offset)
  if (inTicks !== '') return { kind: 'text', length: inTicks.length, value: inTicks.slice(1, -1) }
  const inQuotes = match(quoted, text, offset)
  if (inQuotes === '') return undefined
  return { kind: 'text', length: inQuotes.length, value: inQuotes.slice(1, -1).replace(/\\(.)/g, '$1') }
}

function complaint(text: string, offset: number): string {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0)
  if (character === '"' || character === '`')
    return `the string is not closed, or has an escape other than \\" and \\\\`
  if (character === '&' || character === '|' || character === '=') {
    return `unexpected ${character} (did you mean ${character.repeat(2)}?)`
  }
  if (character === '!') return 'there is no negation (turn the comparison round instead)'
  if (character === '-' || character === '+') return 'numbers have no sign here'
  return `unexpected ${JSON.stringify(character)}`
}

function match(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0] ?? ''
}
