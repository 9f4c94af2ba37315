import { invalid, map, mapped, refine, text, type Decoder } from '../config/schema.ts'
import { canonicalName, type Headers } from '../http/headers.ts'
import { onceIfRecurring } from '../http/recurring.ts'

/** A header field as configured: set, or with an empty value taken away. */
export interface Field {
  readonly name: string
  readonly value: string
}

const control = /[\x00-\x08\x0a-\x1f\x7f]/

/** A value as it goes into a message: one char per byte of its UTF-8. Line breaks would let it write fields of its own. */
export const fieldValue: Decoder<string> = mapped(
  refine(text, (value) => (control.test(value) ? 'has a control character, which a header value must not' : undefined)),
  (value) => Buffer.from(value, 'utf8').toString('latin1'),
)

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** They say where a message ends, so the one who writes the message writes them. */
const framing = new Set(['content-length', 'transfer-encoding'])

/** One field's name, in the spelling given; '' for none. */
export const fieldName: Decoder<string> = refine(text, (name) => {
  if (name === '' || (token.test(name) && !framing.has(name.toLowerCase()))) return undefined
  return `is not a header name that can be set: ${JSON.stringify(name)}`
})

const values = map(fieldValue)

/** Field names (in any case, canonical when decoded) with their values. */
export const fieldMap: Decoder<readonly Field[]> = {
  expects: 'a map of header names to values',
  describe: values.describe,
  decode(node, at) {
    const decoded = values.decode(node, at)
    if (decoded === invalid || node.kind !== 'map') return invalid
    let isValid = true
    for (const [name, { keySource }] of node.entries) {
      if (framing.has(name.toLowerCase())) {
        at.key(name).warning(keySource, 'has no effect: it follows from the body that is sent')
      } else if (!token.test(name)) {
        at.key(name).error(keySource, "is not a header name (expected letters, digits and !#$%&'*+-.^_`|~)")
        isValid = false
      }
    }
    if (!isValid) return invalid
    // One entry for each name: `x-a` and `X-A` are the same field, of which the last counts.
    const byName = new Map([...decoded].map(([name, value]) => [canonicalName(name), value]))
    const fields = [...byName].map(([name, value]) => ({ name, value }))
    return fields.filter(({ name }) => !framing.has(name.toLowerCase()))
  },
}

/** Fields replaced, added or (those with an empty value) taken away. */
export function fieldChanges(fields: readonly Field[]): (headers: Headers) => Headers {
  if (fields.length === 0) return (headers) => headers
  const names = new Set(fields.map(({ name }) => name.toLowerCase()))
  const added = fields.filter(({ value }) => value !== '').flatMap(({ name, value }) => [name, value])
  return onceIfRecurring((headers) => {
    const changed: string[] = []
    for (let at = 0; at < headers.length; at += 2) {
      if (!names.has(headers[at]!.toLowerCase())) changed.push(headers[at]!, headers[at + 1]!)
    }
    for (const part of added) changed.push(part)
    return changed
  })
}

/** True for an option's value that is as good as none: false, 0, '' or an empty list. */
export function isUnset(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === false || value === '' || value === 0
}
