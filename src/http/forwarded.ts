import { splitAuthority } from './authority.ts'
import { canonicalName, hasHeader, isName, type Headers } from './headers.ts'
import type { HttpRequest, Middleware } from './message.ts'
import { derivedFrom, markRecurring } from './recurring.ts'

export interface ForwardedOptions {
  /** Every peer is believed. */
  readonly insecure: boolean
  /** Is this peer (an address without brackets or zone) one whose X- headers are believed? */
  trusted(address: string): boolean
  /** Fields that a client may name in Connection and middlewares shall see all the same. */
  readonly connection: readonly string[]
  readonly addXForwardedSchemeHeaders: boolean
  /** For X-Forwarded-Server: the machine's own name. */
  readonly hostname: string
}

/** The fields that Traefik writes itself, so that nobody else may: from a peer that is not trusted they are dropped. */
const managed = new Set([
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-prefix',
  'x-forwarded-tls-client-cert',
  'x-forwarded-tls-client-cert-info',
  'x-scheme',
  'x-real-ip',
])

/**
 * Makes the X-Forwarded headers true and takes away what the client's Connection field names, before anything looks at
 * the request. The peer's address is not appended to X-Forwarded-For here: the forwarder does that, so that
 * middlewares see what earlier hops wrote. From here on no request has an empty X-Forwarded-For, unless a middleware
 * sets it to say that none is to be sent (see connection-headers.ts).
 */
export function forwardedHeaders(options: ForwardedOptions): Middleware {
  const visible = new Set(options.connection.map((name) => name.toLowerCase()))
  return (next) => (request) => {
    const { client } = request.exchange
    const { forwarded } = client
    const isKnown = forwarded !== undefined && forwarded.from === request.headers && forwarded.host === request.host
    if (isKnown && forwarded.headers !== undefined) return next({ ...request, headers: forwarded.headers })
    const { address } = client
    const found = collect(request.headers, options.insecure || options.trusted(address), options)
    const headers = found.connection === undefined ? found.kept : withoutNamed(found.kept, found.connection, visible)
    pushForwarded(headers, { request, found, options })
    if (derivedFrom(request.headers) !== undefined) {
      if (isKnown) markRecurring(headers)
      client.forwarded = { from: request.headers, host: request.host, headers: isKnown ? headers : undefined }
    }
    return next({ ...request, headers })
  }
}

/** What one pass over the client's fields tells: the fields that stay, and those that later steps ask about. */
interface Found {
  readonly kept: string[]
  connection: string | undefined
  upgrade: string | undefined
  proto: string | undefined
  port: string | undefined
  host: string | undefined
  realIp: string | undefined
  forwardedFor: string | undefined
}

function collect(headers: Headers, trusted: boolean, options: ForwardedOptions): Found {
  const kept: string[] = []
  const found: Found = {
    kept,
    connection: undefined,
    upgrade: undefined,
    proto: undefined,
    port: undefined,
    host: undefined,
    realIp: undefined,
    forwardedFor: undefined,
  }
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    // The first letter decides for nearly every field, so that no lower-case copy of its name is made.
    const letter = name.charCodeAt(0) | 0x20
    if (letter === 0x78 /* x */) {
      if (!keepsManaged(name, value, { found, trusted, options })) continue
    } else if (letter === 0x63 /* c */ && isName(name, 'connection')) {
      found.connection = found.connection === undefined ? value : `${found.connection},${value}`
      continue
    } else if (letter === 0x75 /* u */ && isName(name, 'upgrade')) {
      found.upgrade ??= value
    }
    kept.push(name, value)
  }
  return found
}

/** Notes the value of a managed field; false when the field is not to stay as it is. */
function keepsManaged(
  name: string,
  value: string,
  { found, trusted, options }: { found: Found; trusted: boolean; options: ForwardedOptions },
): boolean {
  const lower = name.toLowerCase()
  if (!trusted) return !isManaged(lower)
  switch (lower) {
    case 'x-forwarded-for':
      // Several lines are one list (RFC 9110 §5.3). An empty one says nothing, and must not look like a middleware's.
      if (value !== '')
        found.forwardedFor = found.forwardedFor === undefined ? value : `${found.forwardedFor}, ${value}`
      return false
    case 'x-forwarded-server':
      return false
    case 'x-forwarded-scheme':
    case 'x-scheme':
      return !options.addXForwardedSchemeHeaders
    case 'x-forwarded-proto':
      found.proto ??= value === '' ? undefined : value
      return value !== ''
    case 'x-forwarded-port':
      found.port ??= value === '' ? undefined : value
      return value !== ''
    case 'x-forwarded-host':
      found.host ??= value === '' ? undefined : value
      return value !== ''
    case 'x-real-ip':
      found.realIp ??= value === '' ? undefined : value
      return value !== ''
    default:
      return true
  }
}

/**
 * Whether a field is one of those. `X_Forwarded_For` counts as well: CGI-like upstreams read both spellings as one
 * variable.
 */
export function isManaged(lower: string): boolean {
  return managed.has(lower.includes('_') ? lower.replaceAll('_', '-') : lower)
}

/** Appends the fields that are missing, in Traefik's order of steps: later ones ask for the proto that earlier ones set. */
function pushForwarded(
  headers: string[],
  { request, found, options }: { request: HttpRequest; found: Found; options: ForwardedOptions },
): void {
  const secure = request.exchange.client.tls !== undefined
  if (found.realIp === undefined) headers.push('X-Real-Ip', request.exchange.client.address)
  const proto = found.proto ?? (isWebSocket(found) ? (secure ? 'wss' : 'ws') : secure ? 'https' : 'http')
  if (found.proto === undefined) headers.push('X-Forwarded-Proto', proto)
  if (found.port === undefined) headers.push('X-Forwarded-Port', forwardedPort(request.host, proto, secure))
  if (options.addXForwardedSchemeHeaders) headers.push('X-Forwarded-Scheme', proto, 'X-Scheme', proto)
  if (found.host === undefined && request.host !== '') headers.push('X-Forwarded-Host', request.host)
  if (found.forwardedFor !== undefined) headers.push('X-Forwarded-For', found.forwardedFor)
  headers.push('X-Forwarded-Server', options.hostname)
}

/** The port that the client asked for, by what is known of the request. */
export function forwardedPort(host: string, proto: string, secure: boolean): string {
  const port = host.includes(':') ? splitAuthority(host).port : ''
  if (port !== '') return port
  return proto === 'https' || proto === 'wss' || secure ? '443' : '80'
}

function isWebSocket(found: Found): boolean {
  if (found.connection === undefined || found.upgrade === undefined) return false
  return tokens(found.connection).includes('upgrade') && tokens(found.upgrade).includes('websocket')
}

/**
 * Without the fields that Connection names (RFC 9110 §7.6.1), and with what Connection keeps. A managed field can't be
 * removed this way: else a client could hide its address from the upstream (CVE-2024-45410).
 */
function withoutNamed(headers: string[], connection: string, visible: ReadonlySet<string>): string[] {
  const named = tokens(connection)
  // `keep-alive` or `close` and no field of that name: nearly every request that has the field at all.
  if (named.length === 1 && !hasHeader(headers, named[0]!)) return headers
  const listed = named.filter((token) => visible.has(token)).map(canonicalName)
  const doomed = new Set(named.filter((token) => token !== 'upgrade' && !visible.has(token) && !isManaged(token)))
  const left = headers.filter((_, at) => !doomed.has(headers[at & ~1]!.toLowerCase()))
  if (named.includes('upgrade') && hasHeader(left, 'upgrade')) listed.push('Upgrade')
  if (listed.length > 0) left.push('Connection', listed.join(', '))
  return left
}

function tokens(value: string): string[] {
  if (!value.includes(',')) return [value.trim().toLowerCase()]
  return value.split(',').map((token) => token.trim().toLowerCase())
}
