import { TemplateFault, type Value } from './value.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

const numericEscape = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y

/** The Go literal that begins at `start`: "…" with escapes, `…` raw, or '…', which is the code of one character. */
export function quotedLiteral(source: string, start: number): { text: string; value: Value } {
  const quote = source[start]
  if (quote === '`') return rawLiteral(source, start)
  let value = ''
  let at = start + 1
  for (;;) {
    const character = source[at]
    if (character === undefined || character === '\n') throw new TemplateFault('unterminated quoted string', start)
    if (character === quote) break
    const escape = character === '\\' ? escapeAt(source, at) : { value: character, length: 1 }
    value += escape.value
    at += escape.length
  }
  const text = source.slice(start, at + 1)
  return { text, value: quote === "'" ? characterCode(value, start) : value }
}

function rawLiteral(source: string, start: number): { text: string; value: Value } {
  const end = source.indexOf('`', start + 1)
  if (end < 0) throw new TemplateFault('unterminated raw string', start)
  return { text: source.slice(start, end + 1), value: source.slice(start + 1, end) }
}

function escapeAt(source: string, at: number): { value: string; length: number } {
  const simple = simpleEscapes[source[at + 1] ?? '']
  if (simple !== undefined) return { value: simple, length: 2 }
  numericEscape.lastIndex = at + 1
  const match = numericEscape.exec(source)
  if (match === null) throw new TemplateFault(`unknown escape \\${source[at + 1] ?? ''}`, at)
  const hexadecimal = match[1] ?? match[2] ?? match[3]
  const code = hexadecimal === undefined ? Number.parseInt(match[4] ?? '0', 8) : Number.parseInt(hexadecimal, 16)
  if (code > 0x10ffff) throw new TemplateFault(`escape out of range: \\${match[0]}`, at)
  return { value: String.fromCodePoint(code), length: 1 + match[0].length }
}

function characterCode(text: string, start: number): bigint {
  const code = text.codePointAt(0)
  if (code === undefined || String.fromCodePoint(code) !== text) {
    throw new TemplateFault('a character literal holds one character; use "…" or `…` for text', start)
  }
  return BigInt(code)
}
