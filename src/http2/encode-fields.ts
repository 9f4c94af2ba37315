import { isName, type Headers } from '../http/headers.ts'
import { isFieldName, toFieldValue } from '../http1/scan.ts'

const lowerNames = new Map<string, string | undefined>()
const mostLowerNames = 500

/** What the codec says itself or HTTP/2 must not say (RFC 9113 §8.2.2). */
const owned = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
])

/** Appends fields to the names and values of a head that goes out. Whatever is no field, or not HTTP/2's, is left out. */
export function pushFields(fields: string[], headers: Headers): void {
  for (let at = 0; at < headers.length; at += 2) {
    const name = sentName(headers[at]!)
    if (name === undefined) continue
    const value = headers[at + 1]!
    if (name === 'te' && value.toLowerCase() !== 'trailers') continue
    fields.push(name, toFieldValue(value))
  }
}

export function hasDate(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (isName(headers[at]!, 'date')) return true
  }
  return false
}

/** In lower case; undefined for what is not sent. Kept, since names are nearly always the same. */
function sentName(name: string): string | undefined {
  if (lowerNames.has(name)) return lowerNames.get(name)
  const lower = name.toLowerCase()
  const sent = isFieldName(lower) && !owned.has(lower) ? lower : undefined
  if (lowerNames.size < mostLowerNames) lowerNames.set(name, sent)
  return sent
}
