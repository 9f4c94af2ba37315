import type { Headers } from './headers.ts'

/** What has been made of fields that recur; each of it at the first asking. */
export interface Derived {
  /** As they go to a server on behalf of the client with this address (connection-headers.ts). */
  outgoing?: { readonly address: string; readonly headers: Headers }
  /** Their lines on the wire (http1/encode-fields.ts). */
  requestLines?: string
  responseLines?: string
}

const derived = new WeakMap<Headers, Derived>()

/**
 * To be told of fields that many messages share, since the same head has come again (http1/seen-heads.ts): what is
 * made of them is kept beside them, and no longer than they are.
 */
export function markRecurring(headers: Headers): void {
  derived.set(headers, {})
}

/** Undefined for fields of one message alone, of which nothing is kept. */
export function derivedFrom(headers: Headers): Derived | undefined {
  return derived.get(headers)
}

/** As `change`, which must depend on the fields alone: of those that recur the outcome recurs too. */
export function onceIfRecurring(change: (headers: Headers) => Headers): (headers: Headers) => Headers {
  const outcomes = new WeakMap<Headers, Headers>()
  return (headers) => {
    if (!derived.has(headers)) return change(headers)
    const known = outcomes.get(headers)
    if (known !== undefined) return known
    const outcome = change(headers)
    if (!derived.has(outcome)) markRecurring(outcome)
    outcomes.set(headers, outcome)
    return outcome
  }
}
