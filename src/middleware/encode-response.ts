import { hasHeader, hasToken, headerValue, withAddedHeader, withoutHeader, type Headers } from '../http/headers.ts'
import { parseMediaType } from '../http/media-type.ts'
import type { HttpResponse } from '../http/message.ts'
import { peekBody, withPieceInFront } from '../http/peek-body.ts'
import { sniffContentType } from '../http/sniff.ts'
import type { Coding, CodingChoice } from './accept-encoding.ts'
import { encodeWhole } from './content-encoder.ts'
import { encodedBody } from './encoded-body.ts'

export interface EncodingRules {
  readonly minimumBytes: number
  /** Media types in lower case; `application/grpc` is always one. */
  readonly excluded: ReadonlySet<string>
  /** Empty: all that are not excluded. */
  readonly included: ReadonlySet<string>
}

/** RFC 9111 §5.2.1.6 and §5.2.2.6. */
export function forbidsTransforming(headers: Headers): boolean {
  return hasToken(headers, 'cache-control', 'no-transform')
}

/** The response in the coding that was chosen for its request, where it is one to encode. */
export function encodeResponse(
  response: HttpResponse,
  choice: Exclude<CodingChoice, undefined>,
  rules: EncodingRules,
): HttpResponse | Promise<HttpResponse> {
  if (response.upgrade !== undefined || forbidsTransforming(response.headers)) return response
  const varied = { ...response, headers: withVary(response.headers) }
  if (choice === 'plain') return varied
  // RFC 9111 §4.3.4: a strong tag would not find the weak one under which a cache has stored the encoded body.
  if (response.status === 304) return { ...varied, headers: withWeakTag(varied.headers) }
  if (choice !== 'gzip') return mayEncode(varied, choice, rules) ? encode(varied, choice) : varied
  // With this field a server asks Traefik's gzip writer to let a response be; the writer keeps it to itself.
  const headers = withoutHeader(varied.headers, 'no-gzip-compression')
  if (headers !== varied.headers) return { ...varied, headers }
  if (isUntyped(varied) && hasTypeRules(rules)) return encodeUntyped(varied, rules)
  return mayEncode(varied, choice, rules) ? encode(varied, choice) : varied
}

function mayEncode(response: HttpResponse, coding: Coding, rules: EncodingRules): boolean {
  if (!isEncodable(response, rules.minimumBytes)) return false
  const type = headerValue(response.headers, 'content-type') ?? ''
  return type === '' || isCompressible(type, coding, rules)
}

/**
 * A body of unknown length counts as long enough: Traefik means to wait for the minimum, but its own flush after the
 * first piece of such a body ends the waiting. A range is one of the bytes that the server knows (RFC 9110 §14.4).
 */
function isEncodable({ status, headers, body }: HttpResponse, minimumBytes: number): boolean {
  if (status < 200 || status === 204 || status === 206 || hasHeader(headers, 'content-range')) return false
  if (body.length !== undefined && body.length < minimumBytes) return false
  return (headerValue(headers, 'content-encoding') ?? '') === ''
}

function isUntyped({ headers }: HttpResponse): boolean {
  return (headerValue(headers, 'content-type') ?? '') === ''
}

function hasTypeRules({ excluded, included }: EncodingRules): boolean {
  return included.size > 0 || excluded.size > 1
}

/** Traefik's gzip writer guesses a missing type, where its other two compress whatever has none. */
async function encodeUntyped(response: HttpResponse, rules: EncodingRules): Promise<HttpResponse> {
  if (!isEncodable(response, rules.minimumBytes)) return response
  const { first, body } = await peekBody(response.body)
  const peeked = { ...response, body }
  if (first === undefined || !isCompressible(sniffContentType(first), 'gzip', rules)) return peeked
  return encode(peeked, 'gzip')
}

function isCompressible(written: string, coding: Coding, { excluded, included }: EncodingRules): boolean {
  // gRPC compresses its messages itself, whatever they are encoded in (`application/grpc+proto`).
  if (/^application\/grpc(?:[+;\s]|$)/i.test(written)) return false
  const type = parseMediaType(written)
  // In Traefik a type that can't be read is in no list for gzip, and never compressed by the other two.
  if (type === undefined) return coding === 'gzip' && included.size === 0
  return included.size > 0 ? included.has(type) : !excluded.has(type)
}

/** A body up to this length that comes in one piece is encoded in one go, and so keeps a Content-Length. */
const wholeBytes = 64 * 1024

function encode(response: HttpResponse, coding: Coding): HttpResponse | Promise<HttpResponse> {
  const encoded = { ...response, headers: encodedHeaders(response.headers, coding) }
  const { body } = response
  if (body.length !== undefined && body.length <= wholeBytes) return encodeShort(encoded, coding)
  return { ...encoded, body: encodedBody(body, coding) }
}

async function encodeShort(response: HttpResponse, coding: Coding): Promise<HttpResponse> {
  const { body } = response
  const first = await body.read()
  if (first === undefined || first.length !== body.length) {
    return { ...response, body: encodedBody(withPieceInFront(first, body), coding) }
  }
  const encoded = await encodeWhole(first, coding)
  // Nothing but its end is left of the server's body, which gives the connection free.
  return { ...response, body: withPieceInFront(encoded, body, encoded.length) }
}

/** Fields that are true only of the bytes that the server sent: ranges and digests of them. */
const aboutPlainBytes = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-md5',
  'digest',
  'repr-digest',
])

function encodedHeaders(headers: Headers, coding: Coding): Headers {
  const kept: string[] = []
  const weak = withWeakTag(headers)
  for (let at = 0; at < weak.length; at += 2) {
    if (!aboutPlainBytes.has(weak[at]!.toLowerCase())) kept.push(weak[at]!, weak[at + 1]!)
  }
  kept.push('Content-Encoding', coding)
  return kept
}

/**
 * A strong tag promises the same bytes (RFC 9110 §8.8.1), which two encodings of a body are not. Traefik leaves it, so
 * that caches and If-Range take one for the other; nginx weakens it, and so does this.
 */
function withWeakTag(headers: Headers): Headers {
  if (headerValue(headers, 'etag')?.startsWith('"') !== true) return headers
  return headers.map((part, at) => (at % 2 === 1 && headers[at - 1]!.toLowerCase() === 'etag' ? `W/${part}` : part))
}

function withVary(headers: Headers): Headers {
  return hasToken(headers, 'vary', 'accept-encoding') ? headers : withAddedHeader(headers, 'Vary', 'Accept-Encoding')
}
