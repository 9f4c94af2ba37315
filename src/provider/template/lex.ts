import { quotedLiteral } from './quoted.ts'
import { isInt64, TemplateFault, type Value } from './value.ts'

/** A template cut into literal text and actions; comments are gone and trim markers are carried out. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly start: number }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly start: number; readonly end: number }

export type TokenKind = 'word' | 'field' | 'dot' | 'variable' | 'literal' | '|' | '(' | ')' | ':=' | '=' | ','

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly value: Value
  readonly start: number
  /** A field right after an operand belongs to it (`$x.Name`), after a space it is an operand of its own. */
  readonly spaceBefore: boolean
}

const identifier = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const number = /[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y
const symbols = [':=', '=', '|', '(', ')', ','] as const

export function lexTemplate(source: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trimsStart = false
  for (;;) {
    const open = source.indexOf('{{', at)
    const end = open < 0 ? source.length : open
    const trimsEnd = open >= 0 && source[open + 2] === '-' && isSpace(source[open + 3])
    pushText(pieces, { source, start: at, end, trimsStart, trimsEnd })
    if (open < 0) return pieces
    const action = lexAction(source, open, trimsEnd ? open + 3 : open + 2)
    if (action.tokens !== undefined)
      pieces.push({ kind: 'action', tokens: action.tokens, start: open, end: action.end })
    at = action.end
    trimsStart = action.trims
  }
}

interface TextSpan {
  readonly source: string
  readonly start: number
  readonly end: number
  readonly trimsStart: boolean
  readonly trimsEnd: boolean
}

function pushText(pieces: Piece[], { source, start, end, trimsStart, trimsEnd }: TextSpan): void {
  let from = start
  let to = end
  while (trimsStart && from < to && isSpace(source[from])) from++
  while (trimsEnd && to > from && isSpace(source[to - 1])) to--
  if (to > from) pieces.push({ kind: 'text', text: source.slice(from, to), start: from })
}

interface LexedAction {
  /** Undefined for a comment. */
  readonly tokens: readonly Token[] | undefined
  readonly end: number
  readonly trims: boolean
}

function lexAction(source: string, open: number, bodyStart: number): LexedAction {
  const first = skipSpace(source, bodyStart)
  const mayBeComment = first === bodyStart || bodyStart === open + 3
  if (mayBeComment && source.startsWith('/*', first)) return lexComment(source, first)
  const tokens: Token[] = []
  let at = bodyStart
  for (;;) {
    const start = skipSpace(source, at)
    const close = closingAt(source, start, start > at)
    if (close !== undefined) return { tokens, ...close }
    if (start >= source.length) throw new TemplateFault('unclosed action: }} is missing', open)
    const token = lexToken(source, start, start > at)
    tokens.push(token)
    at = start + token.text.length
  }
}

function lexComment(source: string, start: number): LexedAction {
  const end = source.indexOf('*/', start + 2)
  if (end < 0) throw new TemplateFault('unclosed comment: */ is missing', start)
  const after = skipSpace(source, end + 2)
  const close = closingAt(source, after, after > end + 2)
  if (close === undefined || (after > end + 2 && !close.trims)) {
    throw new TemplateFault('a comment must end the action: */}}', end)
  }
  return { tokens: undefined, ...close }
}

function closingAt(source: string, at: number, spaceBefore: boolean): { end: number; trims: boolean } | undefined {
  if (source.startsWith('}}', at)) return { end: at + 2, trims: false }
  if (spaceBefore && source.startsWith('-}}', at)) return { end: at + 3, trims: true }
  return undefined
}

function lexToken(source: string, start: number, spaceBefore: boolean): Token {
  const make = (kind: TokenKind, text: string, value?: Value): Token => ({ kind, text, value, start, spaceBefore })
  const character = source[start]
  if (character === '"' || character === '`' || character === "'") {
    const { text, value } = quotedLiteral(source, start)
    return make('literal', text, value)
  }
  const word = matchAt(identifier, source, start)
  if (word !== undefined) return make('word', word)
  if (character === '$') return make('variable', `$${matchAt(identifier, source, start + 1) ?? ''}`)
  const name = character === '.' ? matchAt(identifier, source, start + 1) : undefined
  if (name !== undefined) return make('field', `.${name}`)
  const digits = matchAt(number, source, start)
  if (digits !== undefined) return make('literal', digits, numberValue(digits, start))
  if (character === '.') return make('dot', '.')
  const symbol = symbols.find((candidate) => source.startsWith(candidate, start))
  if (symbol !== undefined) return make(symbol, symbol)
  throw new TemplateFault(`unexpected ${JSON.stringify(character)} in an action`, start)
}

function numberValue(text: string, start: number): Value {
  const digits = text.replaceAll('_', '')
  if (/^[+-]?(?:0[xXoObB]|\d+$)/.test(digits)) {
    const magnitude = BigInt(octal(digits.replace(/^[+-]/, '')))
    const value = digits.startsWith('-') ? -magnitude : magnitude
    if (!isInt64(value)) throw new TemplateFault(`integer overflow: ${text}`, start)
    return value
  }
  return Number(digits)
}

// A leading zero means octal in Go, as in `0644`.
function octal(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

function skipSpace(source: string, at: number): number {
  let next = at
  while (isSpace(source[next])) next++
  return next
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}
