import { CR, isBlank, isNameAt, LF, skip, TOKEN, VALUE } from './scan.ts'

/**
 * A field section. Fields that decide framing, routing or the connection are noted on the way, since looking for
 * them afterwards would cost a second pass; repeats of one are joined with `, ` (RFC 9110 §5.3).
 */
export interface Fields {
  readonly kind: 'fields'
  /** In order, all but Host, Content-Length, Transfer-Encoding and a Connection that is only `keep-alive` or `close`. */
  readonly headers: string[]
  host: string | undefined
  contentLength: string | undefined
  transferEncoding: string | undefined
  connection: string | undefined
  upgrade: string | undefined
  expect: string | undefined
}

export interface FieldFault {
  readonly kind: 'bad'
  readonly reason: 'malformed' | 'tooMany'
  readonly detail: string
}

const COLON = 0x3a
const shownNameLength = 64

/** Parses the field lines of `text` from `from` to its end; every line, the last too, must end in CRLF. */
export function parseFields(text: string, from: number, maxFields: number): Fields | FieldFault {
  const fields = emptyFields()
  let at = from
  for (let count = 0; at < text.length; count++) {
    if (count === maxFields) return { kind: 'bad', reason: 'tooMany', detail: `more than ${maxFields} header fields` }
    const colon = skip(text, at, TOKEN)
    if (colon === at || text.charCodeAt(colon) !== COLON) return malformed(nameFault(text, at, colon))
    let valueFrom = colon + 1
    while (isBlank(text.charCodeAt(valueFrom))) valueFrom++
    const lineEnd = skip(text, valueFrom, VALUE)
    if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) {
      return malformed(`a control character in the value of ${text.slice(at, Math.min(colon, at + shownNameLength))}`)
    }
    let valueEnd = lineEnd
    while (valueEnd > valueFrom && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    const value = text.slice(valueFrom, valueEnd)
    const noted = notedField(text, at, colon)
    if (noted !== undefined) fields[noted] = joined(fields[noted], value)
    if (noted === undefined || !isCodecs(noted, value)) fields.headers.push(text.slice(at, colon), value)
    at = lineEnd + 2
  }
  return fields
}

function emptyFields(): Fields {
  return {
    kind: 'fields',
    headers: [],
    host: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    connection: undefined,
    upgrade: undefined,
    expect: undefined,
  }
}

type NotedField = Exclude<keyof Fields, 'kind' | 'headers'>

/** Told by offsets: cutting a name out only to compare it would cost more than the rest of its line. */
function notedField(text: string, at: number, end: number): NotedField | undefined {
  switch (end - at) {
    case 4:
      return isNameAt(text, at, 'host') ? 'host' : undefined
    case 6:
      return isNameAt(text, at, 'expect') ? 'expect' : undefined
    case 7:
      return isNameAt(text, at, 'upgrade') ? 'upgrade' : undefined
    case 10:
      return isNameAt(text, at, 'connection') ? 'connection' : undefined
    case 14:
      return isNameAt(text, at, 'content-length') ? 'contentLength' : undefined
    case 17:
      return isNameAt(text, at, 'transfer-encoding') ? 'transferEncoding' : undefined
    default:
      return undefined
  }
}

/** True for what the codec keeps to itself; so it does with a Connection that only says whether it stays open. */
function isCodecs(field: NotedField, value: string): boolean {
  if (field === 'connection') return value === 'keep-alive' || value === 'close' || value === 'Keep-Alive'
  return field === 'host' || field === 'contentLength' || field === 'transferEncoding'
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

function malformed(detail: string): FieldFault {
  return { kind: 'bad', reason: 'malformed', detail }
}

function nameFault(text: string, at: number, end: number): string {
  const code = text.charCodeAt(end)
  // Obs-fold (RFC 9112 §5.2), and white space before the first field (§2.2): two parsers see two different fields.
  if (end === at && isBlank(code)) return 'a header line that begins with white space'
  if (end === at && code === COLON) return 'a header field without a name'
  const name = text.slice(at, Math.min(end, at + shownNameLength))
  if (isBlank(code)) return `white space in or after the field name ${name}`
  if (code === CR && text.charCodeAt(end + 1) === LF) return `a header line without a colon: ${name}`
  return `a character that a field name must not have, after "${name}"`
}
