import { ProxyError } from '../errors.ts'
import type { Headers } from '../http/headers.ts'
import { markRecurring } from '../http/recurring.ts'
import { statusText } from '../http/status-text.ts'
import { isAuthority } from './authority.ts'
import { bad, type BadHead } from './bad-head.ts'
import { encodeHead } from './encode-fields.ts'
import { parseFields, type Fields } from './fields.ts'
import { decideFraming, noBody, parseContentLength, type Framing } from './framing.ts'
import { judgePartOfRequest, judgePartOfResponse, oversizedRequest } from './part-of-head.ts'
import { parseRequestLine, type RequestLine } from './request-line.ts'
import { CR, hasListToken, isFieldName, LF, toFieldValue, toOctets } from './scan.ts'
import { SeenHeads } from './seen-heads.ts'
import { parseStatusLine, type StatusLine } from './status-line.ts'

export interface HeadLimits {
  /** From the first octet of the start line to the empty line, with it. */
  readonly maxHeadBytes: number
  readonly maxTargetBytes: number
  readonly maxFields: number
}

export interface RequestHead {
  readonly method: string
  /** As it came. */
  readonly target: string
  /** Octets of the path, untouched; `*` for the server itself. */
  readonly path: string
  readonly query: string | undefined
  /** Authority of an absolute target, else the Host field; '' when HTTP/1.0 sent none. */
  readonly host: string
  readonly version: '1.0' | '1.1'
  /** Without Host, Content-Length, Transfer-Encoding, and Connection when it is only `keep-alive` or `close`. */
  readonly headers: Headers
  readonly framing: Framing
  /** Whether the client is ready for another exchange after this one. */
  readonly keepAlive: boolean
  /** The client waits for 100 (Continue) before it sends the body. */
  readonly expectContinue: boolean
  /** The protocols offered, when the Connection field says so too. */
  readonly upgrade: string | undefined
  /** Of an absolute target. */
  readonly scheme: 'http' | 'https' | undefined
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly version: '1.0' | '1.1'
  /** Without Content-Length, Transfer-Encoding, and Connection when it is only `keep-alive` or `close`. */
  readonly headers: Headers
  readonly framing: Framing
  /** What Content-Length says, also where no body follows (HEAD, 304). */
  readonly contentLength: number | undefined
  /** Whether the connection can carry another exchange after this one. */
  readonly keepAlive: boolean
  readonly upgrade: string | undefined
}

export type HeadResult<Head> =
  | { readonly kind: 'incomplete' }
  /** `end` is the offset of the first octet after the head. */
  | { readonly kind: 'head'; readonly head: Head; readonly end: number }
  | BadHead

// A needle in a Buffer is found six times as fast as one in a string.
const emptyLine = Buffer.from('\r\n\r\n')

/**
 * Parses the request head that begins at `from`. `scanned` is the offset up to which an earlier call on the same octets
 * has found the head incomplete; it spares the second look when a head comes in pieces.
 */
export function parseRequestHead(
  bytes: Buffer,
  from: number,
  limits: HeadLimits,
  scanned: number = from,
): HeadResult<RequestHead> {
  // RFC 9112 §2.2: one empty line before the request line is ignored; old clients send it after a body.
  const start = bytes[from] === CR && bytes[from + 1] === LF ? from + 2 : from
  const headEnd = bytes.indexOf(emptyLine, Math.max(start, scanned - 3))
  if (headEnd < 0) return judgePartOfRequest({ bytes, start, scanned: Math.max(start, scanned) }, limits)
  const end = headEnd + emptyLine.length
  if (end - start > limits.maxHeadBytes) return oversizedRequest(bytes, start, limits)

  const seen = seenRequests.find(bytes, start, end, limits)
  if (seen !== undefined) return { kind: 'head', head: seen, end }
  const result = judgeRequest(bytes.toString('latin1', start, headEnd + 2), limits)
  if (result.kind === 'bad') return result
  if (seenRequests.note(bytes, start, end, { limits, head: result.head })) markRecurring(result.head.headers)
  return { kind: 'head', head: result.head, end }
}

const seenRequests = new SeenHeads<RequestHead>()

type Judged<Head> = { readonly kind: 'head'; readonly head: Head } | BadHead

function judgeRequest(text: string, limits: HeadLimits): Judged<RequestHead> {
  const line = parseRequestLine(text, limits.maxTargetBytes)
  if (line.kind === 'bad') return line
  const fields = parseFields(text, line.end, limits.maxFields)
  if (fields.kind === 'bad') {
    return bad(fields.reason === 'tooMany' ? 'client.headTooLarge' : 'client.malformed', fields.detail)
  }
  return requestOf(line, fields)
}

function requestOf(line: RequestLine, fields: Fields): Judged<RequestHead> {
  const { version } = line
  const { connection } = fields
  const fault = hostFault(fields.host, version)
  if (fault !== undefined) return bad('client.malformed', fault)
  const framing = decideFraming(fields, version)
  if (framing.kind === 'bad') {
    return bad(framing.reason === 'unsupported' ? 'client.unsupportedCoding' : 'client.malformed', framing.detail)
  }
  if (fields.expect !== undefined && fields.expect.toLowerCase() !== '100-continue') {
    return bad('client.expectation', 'an Expect field other than one 100-continue')
  }
  const head: RequestHead = {
    method: line.method,
    target: line.target,
    path: line.path,
    query: line.query,
    // RFC 9112 §3.2.2: the authority of an absolute target replaces the Host field.
    host: line.authority ?? fields.host ?? '',
    version,
    headers: fields.headers,
    framing,
    keepAlive: staysOpen(connection, version),
    // RFC 9110 §10.1.1 and §7.8: neither means anything in HTTP/1.0.
    expectContinue: fields.expect !== undefined && version === '1.1',
    upgrade: version === '1.1' && hasListToken(connection, 'upgrade') ? fields.upgrade : undefined,
    scheme: line.scheme,
  }
  return { kind: 'head', head }
}

/** RFC 9112 §3.2: exactly one well-formed Host field; only HTTP/1.0 may leave it out. */
function hostFault(host: string | undefined, version: '1.0' | '1.1'): string | undefined {
  if (host === undefined) return version === '1.1' ? 'no Host field' : undefined
  return isAuthority(host) ? undefined : 'a malformed Host field, or more than one'
}

function staysOpen(connection: string | undefined, version: '1.0' | '1.1'): boolean {
  if (connection === undefined) return version === '1.1'
  if (hasListToken(connection, 'close')) return false
  return version === '1.1' || hasListToken(connection, 'keep-alive')
}

/** Parses the response head that begins at `from`, the answer to a request of that method; `scanned` as for requests. */
export function parseResponseHead(
  bytes: Buffer,
  from: number,
  limits: HeadLimits,
  { requestMethod, scanned = from }: { readonly requestMethod: string; readonly scanned?: number },
): HeadResult<ResponseHead> {
  const headEnd = bytes.indexOf(emptyLine, Math.max(from, scanned - 3))
  if (headEnd < 0) return judgePartOfResponse({ bytes, start: from, scanned: Math.max(from, scanned) }, limits)
  const end = headEnd + emptyLine.length
  if (end - from > limits.maxHeadBytes) return upstreamFault(`a head of more than ${limits.maxHeadBytes} bytes`)

  // What a head means depends on the question with these two alone.
  const isPlain = requestMethod !== 'HEAD' && requestMethod !== 'CONNECT'
  const seen = isPlain ? seenResponses.find(bytes, from, end, limits) : undefined
  if (seen !== undefined) return { kind: 'head', head: seen, end }
  const result = judgeResponse(bytes.toString('latin1', from, headEnd + 2), limits, requestMethod)
  if (result.kind === 'bad') return result
  if (isPlain && seenResponses.note(bytes, from, end, { limits, head: result.head })) markRecurring(result.head.headers)
  return { kind: 'head', head: result.head, end }
}

const seenResponses = new SeenHeads<ResponseHead>()

function judgeResponse(text: string, limits: HeadLimits, requestMethod: string): Judged<ResponseHead> {
  const line = parseStatusLine(text)
  if (line === undefined) return upstreamFault('a malformed status line')
  const fields = parseFields(text, line.end, limits.maxFields)
  if (fields.kind === 'bad') return upstreamFault(fields.detail)
  const framing = decideFraming(fields, line.version, { status: line.status, requestMethod })
  if (framing.kind === 'bad') return upstreamFault(framing.detail)
  return { kind: 'head', head: responseOf(line, fields, framing) }
}

function responseOf(line: StatusLine, fields: Fields, framing: Framing): ResponseHead {
  const { status, version } = line
  const { headers } = fields
  if (fields.host !== undefined) headers.push('Host', fields.host)
  const contentLength = fields.contentLength === undefined ? undefined : parseContentLength(fields.contentLength)
  // RFC 9112 §6.1: a 1xx or 204 never announces a body. A server that does may send it as well: no second exchange.
  const announcesWrongly = (status < 200 || status === 204) && (fields.transferEncoding ?? contentLength ?? 0) !== 0
  return {
    status,
    reason: line.reason,
    version,
    headers,
    framing,
    contentLength,
    keepAlive: !announcesWrongly && framing.kind !== 'until-close' && staysOpen(fields.connection, version),
    upgrade: hasListToken(fields.connection, 'upgrade') ? fields.upgrade : undefined,
  }
}

function upstreamFault(detail: string): BadHead {
  return bad('upstream.malformed', detail)
}

/** A request head as it goes on the wire, one char per octet. Fields that the framing owns are dropped from `headers`. */
export function encodeRequestHead(request: {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: Headers
  readonly framing: Framing
}): string {
  const line = `${toMethod(request.method)} ${toTarget(request.target)} HTTP/1.1\r\nHost: ${toFieldValue(request.host)}\r\n`
  return encodeHead(line, request.headers, { section: 'request', end: framingLine(request.framing) })
}

/**
 * A response head as it goes on the wire, one char per octet. `announcedLength` is the Content-Length of an answer
 * that has none of its body with it (HEAD, 304).
 */
export function encodeResponseHead(response: {
  readonly status: number
  readonly headers: Headers
  readonly framing: Framing
  readonly announcedLength?: number | undefined
}): string {
  const { status, framing, announcedLength } = response
  const end = endOfResponse(status, framing, announcedLength)
  return encodeHead(statusLine(status), response.headers, { section: 'response', end })
}

function endOfResponse(status: number, framing: Framing, announcedLength: number | undefined): string {
  // RFC 9110 §8.6 and RFC 9112 §6.1: neither framing field in a 1xx or 204.
  if (status < 200 || status === 204) return '\r\n'
  if (framing.kind !== 'none' || announcedLength === undefined) return framingLine(framing)
  return `Content-Length: ${announcedLength}\r\n\r\n`
}

/** An interim response, whole: it has no body. */
export function encodeInterimHead(status: number, headers: Headers): string {
  return encodeResponseHead({ status, headers, framing: noBody })
}

const statusLines = new Map<number, string>()

function statusLine(status: number): string {
  let line = statusLines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${statusText(status)}\r\n`
    statusLines.set(status, line)
  }
  return line
}

/** The field that tells the framing, and the empty line. */
function framingLine(framing: Framing): string {
  if (framing.kind === 'length') return `Content-Length: ${framing.bytes}\r\n\r\n`
  return framing.kind === 'chunked' ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n'
}

function toMethod(method: string): string {
  if (isFieldName(method)) return method
  throw new ProxyError('proxy.unexpected', 'a request method that is not a token')
}

const notTarget = /[^!"$-~]/
const notTargets = /[^!"$-~]/g

/** A space or control character would end the target early, a `#` would cut it: they leave as escapes, an octet each. */
function toTarget(target: string): string {
  return notTarget.test(target) ? toOctets(target).replace(notTargets, escapeOctet) : target
}

function escapeOctet(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
