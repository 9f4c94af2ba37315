import { CR, LF, skip, SP, VALUE } from './scan.ts'

export interface StatusLine {
  readonly version: '1.0' | '1.1'
  readonly status: number
  readonly reason: string
  /** Offset of the first character after the line's CRLF. */
  readonly end: number
}

const statusAt = 'HTTP/1.1 '.length
const statusEnd = statusAt + 3

/**
 * Parses `HTTP-version SP 3DIGIT SP [reason] CRLF` at the beginning of `text` (RFC 9112 §4), else gives undefined.
 * The space before an empty reason may be missing: many servers leave it out, and nothing hangs on it.
 */
export function parseStatusLine(text: string): StatusLine | undefined {
  const version = text.startsWith('HTTP/1.1 ') ? '1.1' : text.startsWith('HTTP/1.0 ') ? '1.0' : undefined
  if (version === undefined) return undefined
  const digits = text.slice(statusAt, statusEnd)
  if (!/^[1-9]\d\d$/.test(digits)) return undefined
  const lineEnd = skip(text, statusEnd, VALUE)
  if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) return undefined
  if (lineEnd > statusEnd && text.charCodeAt(statusEnd) !== SP) return undefined
  return { version, status: Number(digits), reason: text.slice(statusEnd + 1, lineEnd), end: lineEnd + 2 }
}
