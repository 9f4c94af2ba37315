/**
 * The path of a request target, percent-encoded as it came: one char per byte (0–255). What Traefik does between the
 * wire and the router, as pure functions; each costs one scan when there is nothing to change.
 */

/** Gen-delims, sub-delims and `%` (RFC 3986 §2.2): decoding one of these could change what the path means. */
const reserved = new Set(Array.from(":/?#[]@!$&'()*+,;=%", (char) => char.charCodeAt(0)))
const unreserved = new Set(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~', (char) => char.charCodeAt(0)),
)
/** What Go's url.URL writes unescaped in a path when it has no raw form to keep. */
const plainInPath = new Set([...unreserved, ...Array.from('$&+,/:;=@', (char) => char.charCodeAt(0))])

/**
 * Escapes of unreserved characters decoded, the other escapes in upper case (RFC 3986 §6.2.2), so that a rule sees one
 * spelling of each path. Undefined for a `%` without two hex digits: such a path is read differently by different
 * servers and must be refused (400).
 */
export function normalisePath(path: string): string | undefined {
  let at = path.indexOf('%')
  if (at < 0) return path
  let done = 0
  let text = ''
  for (; at >= 0; at = path.indexOf('%', at + 3)) {
    const byte = escapedByte(path, at)
    if (byte === undefined) return undefined
    const spelt = unreserved.has(byte) ? String.fromCharCode(byte) : escapeByte(byte)
    if (path.startsWith(spelt, at)) continue
    text += path.slice(done, at) + spelt
    done = at + 3
  }
  return done === 0 ? path : text + path.slice(done)
}

const removable = /\/[/.]/

/**
 * Without `.` and `..` segments and empty segments; a trailing slash stays. Works on the encoded form, so `%2F` never
 * parts segments: a path that the upstream would climb with `..%2F` is the upstream's to judge, as in Traefik.
 */
export function sanitisePath(path: string): string {
  if (path === '') return '/'
  if (path[0] !== '/' || !removable.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const text = `/${kept.join('/')}`
  return path.endsWith('/') && text !== '/' ? `${text}/` : text
}

/**
 * The form that rules are matched on: escapes decoded except those of reserved characters, the bytes read as UTF-8.
 * Takes a normalised path. Bytes that are not UTF-8 become U+FFFD.
 */
export function routingPath(path: string): string {
  if (isPlain(path)) return path
  const bytes = unescapeBytes(path, (byte) => !reserved.has(byte))
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Every escape decoded; one char per byte, so that lengths are Go's. For prefixes see `pathBytes`. */
export function decodedPath(path: string): string {
  return path.includes('%') ? unescapeBytes(path, () => true) : path
}

/** A piece of configuration in the form of `decodedPath`: its UTF-8, one char per byte. */
export function pathBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Text in its default encoding as a path, Go's `url.PathEscape` for whole paths: `/a b` → `/a%20b`. */
export function escapePath(text: string): string {
  return escapePathBytes(pathBytes(text))
}

/** The same for text in the form of `decodedPath`. */
export function escapePathBytes(bytes: string): string {
  let escaped = ''
  for (const char of bytes) {
    const byte = char.charCodeAt(0)
    escaped += plainInPath.has(byte) ? char : escapeByte(byte)
  }
  return escaped
}

/** Where in an encoded path its first `count` decoded bytes end. */
export function encodedLength(path: string, count: number): number {
  let at = 0
  for (let left = count; left > 0; left--) at += escapedByte(path, at) === undefined ? 1 : 3
  return at
}

/** Traefik's option names; what is not false is allowed. */
export interface EncodedCharacters {
  readonly allowEncodedSlash: boolean
  readonly allowEncodedBackSlash: boolean
  readonly allowEncodedNullCharacter: boolean
  readonly allowEncodedSemicolon: boolean
  readonly allowEncodedPercent: boolean
  readonly allowEncodedQuestionMark: boolean
  readonly allowEncodedHash: boolean
}

const encodedForms: readonly (readonly [keyof EncodedCharacters, string])[] = [
  ['allowEncodedSlash', '2F'],
  ['allowEncodedBackSlash', '5C'],
  ['allowEncodedNullCharacter', '00'],
  ['allowEncodedSemicolon', '3B'],
  ['allowEncodedPercent', '25'],
  ['allowEncodedQuestionMark', '3F'],
  ['allowEncodedHash', '23'],
]

/** True for a path that has an escape which the options do not allow: 400 with an empty body. */
export function denyEncodedCharacters(options: EncodedCharacters): (path: string) => boolean {
  const denied = encodedForms.filter(([key]) => !options[key]).map(([, hex]) => hex)
  if (denied.length === 0) return () => false
  const pattern = new RegExp(`%(?:${denied.join('|')})`, 'i')
  return (path) => path.includes('%') && pattern.test(path)
}

/** `encodeQuerySemicolons: true`: a `;` is part of a value, also for servers that take it for a separator. */
export function withEncodedSemicolons(query: string | undefined): string | undefined {
  return query?.includes(';') ? query.replaceAll(';', '%3B') : query
}

/**
 * The query for the upstream. Rules take a `;` for `&`; were it left as it is, an upstream that does not would read
 * other parameters than the proxy judged.
 */
export function forwardedQuery(query: string | undefined): string | undefined {
  return query?.includes(';') ? query.replaceAll(';', '&') : query
}

function unescapeBytes(path: string, decodes: (byte: number) => boolean): string {
  let done = 0
  let text = ''
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 1)) {
    const byte = escapedByte(path, at)
    if (byte === undefined || !decodes(byte)) continue
    text += path.slice(done, at) + String.fromCharCode(byte)
    done = at + 3
    at += 2
  }
  return text + path.slice(done)
}

function escapedByte(path: string, at: number): number | undefined {
  if (path.charCodeAt(at) !== 0x25) return undefined
  const high = hexValue(path.charCodeAt(at + 1))
  const low = hexValue(path.charCodeAt(at + 2))
  return high < 0 || low < 0 ? undefined : high * 16 + low
}

/** NaN, which charCodeAt gives past the end, compares false everywhere and so is no digit. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function escapeByte(byte: number): string {
  return `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`
}

const special = /[%\x80-\xff]/
const beyondAscii = /[^\x00-\x7f]/

function isPlain(path: string): boolean {
  return !special.test(path)
}

function isAscii(text: string): boolean {
  return !beyondAscii.test(text)
}
