import type { Headers } from '../http/headers.ts'
import { derivedFrom } from '../http/recurring.ts'
import { isFieldName, isNameAt, skip, TOKEN, toFieldValue, VALUE } from './scan.ts'

export type FieldSection = 'request' | 'response' | 'trailer'

/**
 * Field lines, one char per octet. Whatever the headers hold, each pair becomes one line: a value can't bring a line
 * of its own, a name that is none is left out, and so are the fields that the codec writes itself, since a second
 * Content-Length, Transfer-Encoding or Host would give the message a second reading.
 */
export function encodeFields(headers: Headers, section: FieldSection): string {
  return encodeHead('', headers, { section, end: '' })
}

export interface HeadFrame {
  readonly section: FieldSection
  /** What follows the fields. */
  readonly end: string
}

/** As `encodeFields`, behind `start` and before `end`, which are right already: the text is put together only once. */
export function encodeHead(start: string, headers: Headers, { section, end }: HeadFrame): string {
  const kept = section === 'trailer' ? undefined : derivedFrom(headers)
  if (kept === undefined) return encodeAnew(start, headers, { section, end })
  const slot = section === 'request' ? 'requestLines' : 'responseLines'
  kept[slot] ??= encodeAnew('', headers, { section, end: '' })
  return start + kept[slot] + end
}

function encodeAnew(start: string, headers: Headers, { section, end }: HeadFrame): string {
  let text = start
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (!isOwned(name, section)) text += name + ': ' + headers[at + 1]! + '\r\n'
  }
  text += end
  const isSound = isFaithful(text, start.length, { headers, section })
  return isSound ? text : start + encodeCarefully(headers, section) + end
}

interface Section {
  readonly headers: Headers
  readonly section: FieldSection
}

/**
 * True when every name in the finished text is a name and every value a value. One walk over the whole costs half of a
 * test of each part, which would have to be cut out of its head first.
 */
function isFaithful(text: string, start: number, { headers, section }: Section): boolean {
  let from = start
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (isOwned(name, section)) continue
    const nameEnd = from + name.length
    const valueEnd = nameEnd + 2 + headers[at + 1]!.length
    if (nameEnd === from || skip(text, from, TOKEN) !== nameEnd) return false
    if (skip(text, nameEnd + 2, VALUE) !== valueEnd) return false
    from = valueEnd + 2
  }
  return true
}

/** What is no name is left out, and what is no value is mended. */
function encodeCarefully(headers: Headers, section: FieldSection): string {
  let text = ''
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (isFieldName(name) && !isOwned(name, section)) text += `${name}: ${toFieldValue(headers[at + 1]!)}\r\n`
  }
  return text
}

function isOwned(name: string, section: FieldSection): boolean {
  switch (name.length) {
    case 4:
      return section !== 'response' && isNameAt(name, 0, 'host')
    case 14:
      return isNameAt(name, 0, 'content-length')
    case 17:
      return isNameAt(name, 0, 'transfer-encoding')
    default:
      return false
  }
}
