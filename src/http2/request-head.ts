import type { Headers } from '../http/headers.ts'
import { wireName } from '../http/wire-name.ts'
import { isAuthority } from '../http1/authority.ts'
import { bad, type BadHead } from '../http1/bad-head.ts'
import { parseContentLength } from '../http1/framing.ts'
import type { HeadLimits } from '../http1/head.ts'
import { targetTooLong } from '../http1/request-line.ts'
import { isBlank, isFieldName, isFieldValue, PATH, skip, TARGET } from '../http1/scan.ts'

export interface RequestHead {
  readonly kind: 'head'
  readonly method: string
  readonly path: string
  readonly query: string | undefined
  readonly host: string
  /** Names as on an HTTP/1 wire; without Host and Content-Length. */
  readonly headers: Headers
  readonly contentLength: number | undefined
  readonly expectContinue: boolean
  /** An extended CONNECT asks for a WebSocket; its method is told as that of the handshake in HTTP/1.1 (RFC 8441). */
  readonly isWebSocket: boolean
}

/** Not a request in the sense of RFC 9113 §8.1.1: its stream ends with PROTOCOL_ERROR, and no answer. */
export interface MalformedRequest {
  readonly kind: 'malformed'
  readonly detail: string
}

/** The fields of a HEADERS frame in their order, names and values in turn, one char per octet. */
export type RawFields = readonly string[]

interface Gathered {
  readonly headers: string[]
  method: string | undefined
  scheme: string | undefined
  path: string | undefined
  authority: string | undefined
  protocol: string | undefined
  host: string | undefined
  contentLength: string | undefined
  cookieAt: number
  expectContinue: boolean
}

/** RFC 9113 §6.5.2 counts so for each field. */
const fieldOverheadBytes = 32

/** Reads a request's field section. What HTTP/1 would refuse with a status is refused with the same one. */
export function readRequestHead(raw: RawFields, limits: HeadLimits): RequestHead | MalformedRequest | BadHead {
  const gathered = gather(raw)
  if (typeof gathered === 'string') return { kind: 'malformed', detail: gathered }
  if (raw.length / 2 > limits.maxFields) {
    return bad('client.headTooLarge', `more than ${limits.maxFields} header fields`)
  }
  if (sizeOf(raw) > limits.maxHeadBytes) {
    return bad('client.headTooLarge', `a head of more than ${limits.maxHeadBytes} bytes`)
  }
  return judge(gathered, limits)
}

/** Trailer fields; undefined when they are malformed. */
export function readTrailers(raw: RawFields): Headers | undefined {
  const gathered = gather(raw)
  if (typeof gathered === 'string' || raw.some((name, at) => at % 2 === 0 && name.startsWith(':'))) return undefined
  return gathered.headers
}

function gather(raw: RawFields): Gathered | string {
  const gathered: Gathered = {
    headers: [],
    method: undefined,
    scheme: undefined,
    path: undefined,
    authority: undefined,
    protocol: undefined,
    host: undefined,
    contentLength: undefined,
    cookieAt: -1,
    expectContinue: false,
  }
  for (let at = 0; at < raw.length; at += 2) {
    const fault = take(gathered, raw[at]!, raw[at + 1]!)
    if (fault !== undefined) return fault
  }
  return gathered
}

/** Puts one field where it belongs, or says what is wrong with it. */
function take(gathered: Gathered, name: string, value: string): string | undefined {
  if (!isFieldValue(value)) return `a control character in the value of ${name}`
  if (name.charCodeAt(0) === 0x3a) return takePseudo(gathered, name, value)
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))) {
    return `white space around the value of ${name}`
  }
  if (!isFieldName(name) || name !== name.toLowerCase()) return 'a field name that is not in lower case, or none'
  if (connectionSpecific.has(name)) return `the connection-specific field ${name}`
  switch (name) {
    case 'te':
      if (value !== 'trailers') return 'a te other than trailers'
      break
    case 'host':
      if (gathered.host !== undefined) return 'more than one host'
      gathered.host = value
      return undefined
    case 'content-length':
      if (gathered.contentLength !== undefined) return 'more than one content-length'
      gathered.contentLength = value
      return undefined
    case 'cookie':
      return takeCookie(gathered, value)
    case 'expect':
      gathered.expectContinue = value.toLowerCase() === '100-continue'
      break
  }
  gathered.headers.push(wireName(name), value)
  return undefined
}

/** RFC 9113 §8.2.3: crumbs of one cookie are one field again for whoever speaks another version. */
function takeCookie(gathered: Gathered, value: string): undefined {
  const { headers, cookieAt } = gathered
  if (cookieAt >= 0) headers[cookieAt] = `${headers[cookieAt]}; ${value}`
  else gathered.cookieAt = headers.push('Cookie', value) - 1
}

function takePseudo(gathered: Gathered, name: string, value: string): string | undefined {
  const key = pseudoFields.get(name)
  if (key === undefined) return `the pseudo field ${name}`
  if (gathered[key] !== undefined) return `more than one ${name}`
  if (gathered.headers.length > 0) return `${name} after a regular field`
  gathered[key] = value
  return undefined
}

const pseudoFields = new Map<string, 'method' | 'scheme' | 'path' | 'authority' | 'protocol'>([
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':path', 'path'],
  [':authority', 'authority'],
  [':protocol', 'protocol'],
])

function judge(gathered: Gathered, limits: HeadLimits): RequestHead | MalformedRequest | BadHead {
  const { scheme, path, protocol, headers, expectContinue } = gathered
  const method = protocol === undefined ? gathered.method : tunnelMethod(gathered)
  if (method === undefined || !isFieldName(method)) return malformed('no method, or a :protocol without CONNECT')
  if (method === 'CONNECT') {
    return bad('client.connect', `CONNECT${protocol === undefined ? '' : ` to ${protocol}`} is not served`)
  }
  if (scheme === undefined || path === undefined || path === '') return malformed('no :scheme or :path')
  if (scheme !== 'http' && scheme !== 'https') return bad('client.malformed', `the scheme ${scheme}`)
  const target = readTarget(path, method, limits)
  if (target.kind === 'bad') return target
  const host = gathered.authority ?? gathered.host ?? ''
  // One who routes by :authority and one who routes by Host would be two different servers (RFC 9113 §8.3.1).
  if (gathered.host !== undefined && gathered.host.toLowerCase() !== host.toLowerCase()) {
    return bad('client.malformed', 'a Host that is not the :authority')
  }
  if (!isAuthority(host)) return bad('client.malformed', 'a missing or malformed :authority')
  const { contentLength: written } = gathered
  const contentLength = written === undefined ? undefined : parseContentLength(written)
  if (contentLength === undefined && written !== undefined) return malformed('a content-length that is not one number')
  const { path: plainPath, query } = target
  const isWebSocket = protocol !== undefined
  return { kind: 'head', method, path: plainPath, query, host, headers, contentLength, expectContinue, isWebSocket }
}

/** RFC 8441 §4: only CONNECT has a :protocol. What it asks for but a WebSocket stays a CONNECT. */
function tunnelMethod({ method, protocol }: Gathered): string | undefined {
  if (method !== 'CONNECT') return undefined
  return protocol === 'websocket' ? 'GET' : method
}

type Target = { readonly kind: 'target'; readonly path: string; readonly query: string | undefined } | BadHead

/** The same octets as in an HTTP/1 target (http1/request-line.ts). */
function readTarget(target: string, method: string, limits: HeadLimits): Target {
  if (target.length > limits.maxTargetBytes) return targetTooLong
  if (target === '*' && method === 'OPTIONS') return { kind: 'target', path: '*', query: undefined }
  if (target.charCodeAt(0) !== 0x2f) return bad('client.malformed', 'a :path that does not begin with a slash')
  const pathEnd = skip(target, 0, PATH)
  if (pathEnd === target.length) return { kind: 'target', path: target, query: undefined }
  if (target.charCodeAt(pathEnd) !== 0x3f || skip(target, pathEnd + 1, TARGET) < target.length) {
    return bad('client.malformed', 'a character that a target must not have')
  }
  return { kind: 'target', path: target.slice(0, pathEnd), query: target.slice(pathEnd + 1) }
}

function sizeOf(raw: RawFields): number {
  let size = 0
  for (const text of raw) size += text.length
  return size + (raw.length / 2) * fieldOverheadBytes
}

function malformed(detail: string): MalformedRequest {
  return { kind: 'malformed', detail }
}

/** RFC 9113 §8.2.2. */
export const connectionSpecific: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])
