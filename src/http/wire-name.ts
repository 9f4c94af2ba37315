import { canonicalName } from './headers.ts'

const wireNames = new Map<string, string>()
const mostWireNames = 500

/**
 * A name in lower case (HTTP/2, the platform's own types) as Go writes it on an HTTP/1 wire. Kept, since names are
 * nearly always the same.
 */
export function wireName(lower: string): string {
  const known = wireNames.get(lower)
  if (known !== undefined) return known
  const name = canonicalName(lower)
  if (wireNames.size < mostWireNames) wireNames.set(lower, name)
  return name
}
