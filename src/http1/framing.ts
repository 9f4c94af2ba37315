import { isFieldName, trimBlank } from './scan.ts'

/** How the end of a body is found. Decided once, from the head; everything that reads or writes the body follows it. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

export const noBody: Framing = { kind: 'none' }
export const chunkedBody: Framing = { kind: 'chunked' }
export const bodyUntilClose: Framing = { kind: 'until-close' }

/** Values of the two framing fields, repeats joined with a comma; undefined when absent. */
export interface FramingFields {
  readonly contentLength: string | undefined
  readonly transferEncoding: string | undefined
}

/** What an answer's framing depends on besides its fields. */
export interface Answer {
  readonly status: number
  readonly requestMethod: string
}

export interface FramingFault {
  readonly kind: 'bad'
  /** `unsupported`: well formed, but a transfer coding that is not spoken here. */
  readonly reason: 'malformed' | 'unsupported'
  readonly detail: string
}

/**
 * RFC 9112 §6.3, stricter where the RFC lets a recipient choose: what another party could read differently is a
 * fault, even when the message has no body. Without `answer` the message is a request.
 */
export function decideFraming(fields: FramingFields, version: '1.0' | '1.1', answer?: Answer): Framing | FramingFault {
  const { contentLength, transferEncoding } = fields
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return malformed('both Content-Length and Transfer-Encoding')
    // §6.1: HTTP/1.0 has no transfer codings; whoever sends one has likely been fooled by an intermediary.
    if (version === '1.0') return malformed('Transfer-Encoding in an HTTP/1.0 message')
    const fault = codingFault(transferEncoding)
    if (fault !== undefined) return fault
  }
  const bytes = contentLength === undefined ? undefined : parseContentLength(contentLength)
  if (bytes === undefined && contentLength !== undefined) return malformed('a Content-Length that is not one number')

  if (answer !== undefined && hasNoBody(answer)) return noBody // §6.3 items 1 and 2
  if (transferEncoding !== undefined) return chunkedBody // items 3 and 4
  if (bytes !== undefined) return { kind: 'length', bytes } // items 5 and 6
  return answer === undefined ? noBody : bodyUntilClose // items 7 and 8
}

/** True for an answer that ends with its head, whatever its fields say. */
export function hasNoBody({ status, requestMethod }: Answer): boolean {
  if (status < 200 || status === 204 || status === 304) return true
  return requestMethod === 'HEAD' || (requestMethod === 'CONNECT' && status < 300)
}

/**
 * 1*DIGIT, within what a number holds exactly; else undefined. No sign, no list: `5, 5` could be read as either
 * message by one who takes the first and one who refuses (RFC 9112 §6.3 item 5 permits refusing).
 */
export function parseContentLength(value: string): number | undefined {
  let length = 0
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) return undefined
  }
  return value === '' ? undefined : length
}

/** Undefined for exactly `chunked`, the one coding spoken here. */
function codingFault(value: string): FramingFault | undefined {
  if (value === 'chunked') return undefined
  const codings = value.split(',').map((item) => trimBlank(item).toLowerCase())
  if (codings.length === 1 && codings[0] === 'chunked') return undefined
  for (const [index, coding] of codings.entries()) {
    const name = trimBlank(coding.split(';', 1)[0]!)
    if (!isFieldName(name)) return malformed('a Transfer-Encoding that is not a list of codings')
    if (name !== 'chunked') continue
    // §7.1: chunked has no parameters. §6.1: it comes once, last.
    if (coding !== name) return malformed('a parameter of the chunked coding')
    if (index < codings.length - 1) return malformed('the chunked coding twice or not last')
  }
  return { kind: 'bad', reason: 'unsupported', detail: 'a transfer coding other than chunked' }
}

function malformed(detail: string): FramingFault {
  return { kind: 'bad', reason: 'malformed', detail }
}
