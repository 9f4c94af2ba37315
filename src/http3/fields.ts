import type { RawFields } from '../http2/request-head.ts'

/** The engine gathers repeated fields at the first one's place, and JavaScript puts names that are numbers first. */
export function fieldPairs(block: NodeJS.Dict<string | string[]>): RawFields {
  const pairs: string[] = []
  const numbers: string[] = []
  for (const [name, value = ''] of Object.entries(block)) {
    const list = /^\d+$/.test(name) ? numbers : pairs
    for (const one of Array.isArray(value) ? value : [value]) list.push(name, one)
  }
  return pairs.concat(numbers)
}

/**
 * Fields as the engine takes them. It refuses a second value of some names, whoever has sent them; a list of the values in
 * one field says the same (RFC 9110 §5.3) but for Set-Cookie, which is no list.
 */
export function fieldObject(fields: RawFields): Record<string, string | string[]> {
  const gathered: Record<string, string[]> = Object.create(null)
  for (let at = 0; at < fields.length; at += 2) (gathered[fields[at]!] ??= []).push(fields[at + 1]!)
  const entries = Object.entries(gathered).map(([name, values]): [string, string | string[]] => {
    return [name, name === 'set-cookie' ? values : values.join(', ')]
  })
  return Object.fromEntries(entries)
}
