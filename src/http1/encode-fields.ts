import type { Headers } from '../http/headers.ts'
import { isFieldName, isNameAt, toFieldValue } from './scan.ts'

export type FieldSection = 'request' | 'response' | 'trailer'

/**
 * Field lines, one char per octet. Whatever the headers hold, each pair becomes one line: a value can't bring a line
 * of its own, a name that is none is left out, and so are the fields that the codec writes itself, since a second
 * Content-Length, Transfer-Encoding or Host would give the message a second reading.
 */
export function encodeFields(headers: Headers, section: FieldSection): string {
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
