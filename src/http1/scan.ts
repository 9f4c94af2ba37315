/** Classes of octets, as bits: one table look-up per octet of a head is what keeps parsing cheap. */
export const TOKEN = 1
/** field-vchar, obs-text, SP and HTAB (RFC 9110 §5.5): whatever may stand in a field value or a reason phrase. */
export const VALUE = 2
/** What a request target may hold. Wider than RFC 3986 (browsers send `|` or `{` raw), but no `#`: a fragment is never sent. */
export const TARGET = 4
/** TARGET without the question mark. */
export const PATH = 8

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20

export const charClass: Uint8Array = buildClasses()

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  for (let code = 0; code < 256; code++) {
    const isVisible = code > SP && code < 0x7f
    const character = String.fromCharCode(code)
    if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) classes[code]! |= TOKEN
    if (isVisible || code === SP || code === HTAB || code > 0x7f) classes[code]! |= VALUE
    if (isVisible && character !== '#') classes[code]! |= TARGET
    if (isVisible && character !== '#' && character !== '?') classes[code]! |= PATH
  }
  return classes
}

/** Offset of the first character from `at` on that is not of the class. The text must hold one (a head ends in CRLF). */
export function skip(text: string, at: number, wanted: number): number {
  let end = at
  while ((charClass[text.charCodeAt(end)]! & wanted) !== 0) end++
  return end
}

/** True when `lower` (letters and hyphens in lower case) stands at `at` in any case; for text known to be a token. */
export function isNameAt(text: string, at: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index++) {
    // Within TOKEN only the capital of a letter meets that letter after |0x20, and only the hyphen a hyphen.
    if ((text.charCodeAt(at + index) | 0x20) !== lower.charCodeAt(index)) return false
  }
  return true
}

/** True when a comma-separated list without white space around it has this token, in any case. */
export function hasListToken(list: string | undefined, lower: string): boolean {
  if (list === undefined || list.length < lower.length) return false
  if (list.length === lower.length) return list.toLowerCase() === lower
  if (!list.includes(',')) return false
  return list.split(',').some((item) => trimBlank(item).toLowerCase() === lower)
}

/** Without SP and HTAB at both ends; String.trim would also take octets that OWS does not have (NBSP). */
export function trimBlank(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

export function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}

const notToken = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/
const notValue = /[^\t\x20-\x7e\x80-\xff]/
const notValues = /[^\t\x20-\x7e\x80-\xff]/g
const beyondLatin1 = /[^\0-\xff]/

/** True for what may be sent as a field name, or as a method (RFC 9110 §5.6.2). */
export function isFieldName(text: string): boolean {
  return text !== '' && !notToken.test(text)
}

/**
 * True for what goes on the wire octet by octet as a field value. False for control characters and for text beyond
 * Latin-1, whose code units would be cut to one octet (U+010A would become a line feed).
 */
export function isFieldValue(text: string): boolean {
  return !notValue.test(text)
}

/**
 * The value as it may be written: text beyond Latin-1 becomes its UTF-8 octets, control characters become spaces as
 * RFC 9110 §5.5 allows. The same string when nothing is wrong with it.
 */
export function toFieldValue(text: string): string {
  return notValue.test(text) ? toOctets(text).replace(notValues, ' ') : text
}

/** One char per octet: text beyond Latin-1 can only be from a configuration or a program, and becomes UTF-8. */
export function toOctets(text: string): string {
  return beyondLatin1.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
