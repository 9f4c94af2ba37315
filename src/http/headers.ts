/**
 * Header fields in the order they came, names in the case they came, repeats kept: one flat array of
 * name, value, name, value … Flat because one array costs a third of an array of pairs on the hot path. Never mutated.
 */
export type Headers = readonly string[]

export const noHeaders: Headers = []

/** True when two field names are the same name; `lower` must be in lower case already. */
export function isName(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false
  for (let at = 0; at < lower.length; at++) {
    // Among the octets of a token, only the capital of a letter meets that letter after |0x20.
    if ((name.charCodeAt(at) | 0x20) !== lower.charCodeAt(at)) return false
  }
  return true
}

/** The first value of a field, or undefined. `lower` is the name in lower case. */
export function headerValue(headers: Headers, lower: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (isName(headers[at]!, lower)) return headers[at + 1]
  }
  return undefined
}

export function hasHeader(headers: Headers, lower: string): boolean {
  return headerValue(headers, lower) !== undefined
}

/** Every value of a field, in order. */
export function headerValues(headers: Headers, lower: string): string[] {
  const values: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    if (isName(headers[at]!, lower)) values.push(headers[at + 1]!)
  }
  return values
}

/** The field's values as one comma-separated list (RFC 9110 §5.3), or undefined when the field is absent. */
export function joinedHeader(headers: Headers, lower: string): string | undefined {
  const values = headerValues(headers, lower)
  return values.length === 0 ? undefined : values.join(', ')
}

/** True when a comma-separated field (Connection, TE, Transfer-Encoding …) has this token, in any case. */
export function hasToken(headers: Headers, lower: string, token: string): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (isName(headers[at]!, lower) && listsToken(headers[at + 1]!, token)) return true
  }
  return false
}

function listsToken(list: string, token: string): boolean {
  return list.includes(',') ? list.split(',').some((item) => isName(item.trim(), token)) : isName(list.trim(), token)
}

export function withHeader(headers: Headers, name: string, value: string): Headers {
  const kept = withoutHeader(headers, name.toLowerCase()) as string[]
  return kept === headers ? [...headers, name, value] : (kept.push(name, value), kept)
}

export function withAddedHeader(headers: Headers, name: string, value: string): Headers {
  return [...headers, name, value]
}

/** A copy without the field; the same array when it has none. */
export function withoutHeader(headers: Headers, lower: string): Headers {
  if (!hasHeader(headers, lower)) return headers
  return keepHeaders(headers, (name) => !isName(name, lower))
}

/** A copy with only the fields whose name passes. */
export function keepHeaders(headers: Headers, keep: (name: string, value: string) => boolean): Headers {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (keep(name, value)) kept.push(name, value)
  }
  return kept
}

/** `x-forwarded-for` → `X-Forwarded-For`, as Go writes field names on the wire. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
