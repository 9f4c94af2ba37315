import { ProxyError } from '../errors.ts'
import { headerValue, hasToken, isName, type Headers } from './headers.ts'
import type { HttpRequest } from './message.ts'
import { derivedFrom, markRecurring } from './recurring.ts'

/**
 * True for a field that concerns one connection only (RFC 9110 §7.6.1 and the older ones that Go removes). Told apart
 * by length first, which nearly every other name fails at.
 */
function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return isName(name, 'te')
    case 7:
      return isName(name, 'trailer') || isName(name, 'upgrade')
    case 10:
      return isName(name, 'connection') || isName(name, 'keep-alive')
    case 16:
      return isName(name, 'proxy-connection')
    case 17:
      return isName(name, 'transfer-encoding')
    case 18:
      return isName(name, 'proxy-authenticate')
    case 19:
      return isName(name, 'proxy-authorization')
    default:
      return false
  }
}

export interface OutgoingOptions {
  /** False when the entry point says `notAppendXForwardedFor`. */
  readonly appendForwardedFor: boolean
}

/**
 * The fields of a request as they go to a server: what concerned the client's connection is gone, `TE: trailers` and an
 * upgrade are said anew for the next one, and the peer is appended to X-Forwarded-For.
 *
 * An X-Forwarded-For with an empty value means "send none, and don't append": that is how a middleware says it
 * (`customRequestHeaders: { X-Forwarded-For: "" }`). It can't come from the wire, since forwarded.ts drops empty ones.
 *
 * Throws `client.malformed` for an upgrade to a protocol whose name is not printable ASCII.
 */
export function outgoingRequestHeaders(request: HttpRequest, { appendForwardedFor }: OutgoingOptions): Headers {
  const appends = appendForwardedFor && request.synthetic !== true
  const { address } = request.exchange.client
  const kept = appends ? derivedFrom(request.headers) : undefined
  if (kept === undefined) return outgoing(request.headers, appends ? address : undefined)
  if (kept.outgoing?.address !== address) {
    kept.outgoing = { address, headers: outgoing(request.headers, address) }
    markRecurring(kept.outgoing.headers)
  }
  return kept.outgoing.headers
}

/** `peer`: to be appended to X-Forwarded-For. */
function outgoing(headers: Headers, peer: string | undefined): Headers {
  const kept: string[] = []
  const hops = new Hops()
  let forwardedFor: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (isForwardedFor(name)) {
      forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`
    } else if (!hops.takes(name, value)) {
      kept.push(name, value)
    }
  }
  const left = hops.withoutListed(kept)
  pushForwardedFor(left, forwardedFor, peer)
  if (hops.acceptsTrailers) left.push('Te', 'trailers')
  if (hops.upgrade !== undefined && !isPrintable(hops.upgrade)) {
    throw new ProxyError('client.malformed', 'upgrade to a protocol whose name is not printable')
  }
  pushUpgrade(left, hops.upgrade)
  return left
}

/**
 * The fields of a server's response as they go to the client. With status 101 the upgrade that was agreed on is said
 * anew. `Trailer` stays: trailers are relayed, and a client may want to know which.
 */
export function incomingResponseHeaders(headers: Headers, status: number): Headers {
  if (!concernsConnection(headers)) return headers
  const kept: string[] = []
  const hops = new Hops()
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (isName(name, 'trailer') || !hops.takes(name, value)) kept.push(name, value)
  }
  const left = hops.withoutListed(kept)
  if (status === 101) pushUpgrade(left, hops.upgrade)
  return left
}

function concernsConnection(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (isHopByHop(name) && !isName(name, 'trailer')) return true
  }
  return false
}

/** The protocol that a message asks to change to or has changed to, else undefined. */
export function upgradeProtocol(headers: Headers): string | undefined {
  return hasToken(headers, 'connection', 'upgrade') ? headerValue(headers, 'upgrade') : undefined
}

/** A WebSocket handshake by its fields (RFC 6455 §4.1). */
export function isWebSocketUpgrade(headers: Headers): boolean {
  return upgradeProtocol(headers) !== undefined && hasToken(headers, 'upgrade', 'websocket')
}

/** The hop-by-hop fields of one message, gathered in the pass that leaves them out. */
class Hops {
  acceptsTrailers = false
  #listed: Set<string> | undefined
  #upgrade: string | undefined

  /** True when the field goes no further than this hop. */
  takes(name: string, value: string): boolean {
    if (!isHopByHop(name)) return false
    const lower = name.toLowerCase()
    if (lower === 'connection') this.#list(value)
    else if (lower === 'upgrade') this.#upgrade ??= value
    else if (lower === 'te') this.acceptsTrailers ||= splitList(value).includes('trailers')
    return true
  }

  get upgrade(): string | undefined {
    return this.#listed?.has('upgrade') && this.#upgrade !== undefined ? withoutH2c(this.#upgrade) : undefined
  }

  /** Second pass, only for the rare message whose Connection names fields of its own. */
  withoutListed(headers: string[]): string[] {
    const listed = this.#listed
    if (listed === undefined || isUsual(listed)) return headers
    return headers.filter((_, at) => !listed.has(headers[at & ~1]!.toLowerCase()))
  }

  #list(value: string): void {
    const listed = (this.#listed ??= new Set())
    for (const item of splitList(value)) listed.add(item)
  }
}

/** A single `close`, `keep-alive` or `upgrade`: those fields are gone already. */
function isUsual(listed: ReadonlySet<string>): boolean {
  return listed.size === 1 && (listed.has('keep-alive') || listed.has('close') || listed.has('upgrade'))
}

function pushForwardedFor(headers: string[], earlier: string | undefined, peer: string | undefined): void {
  if (earlier === '') return
  if (peer === undefined) {
    if (earlier !== undefined) headers.push('X-Forwarded-For', earlier)
    return
  }
  headers.push('X-Forwarded-For', earlier === undefined ? peer : `${earlier}, ${peer}`)
}

function pushUpgrade(headers: string[], protocol: string | undefined): void {
  if (protocol !== undefined && protocol !== '') headers.push('Connection', 'Upgrade', 'Upgrade', protocol)
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function isForwardedFor(name: string): boolean {
  return name.length === 15 && (name.charCodeAt(0) | 0x20) === 0x78 && isName(name, 'x-forwarded-for')
}

/**
 * `Upgrade: h2c` is ignored, as RFC 9113 §3.1 lets a server do: behind a 101 nobody would see any more which requests a
 * client sends (h2c smuggling).
 */
function withoutH2c(protocols: string): string {
  if (!/h2c/i.test(protocols)) return protocols
  const left = protocols.split(',').filter((protocol) => protocol.trim().toLowerCase() !== 'h2c')
  return left.join(',').trim()
}

function splitList(value: string): string[] {
  if (!value.includes(',')) return [value.trim().toLowerCase()]
  return value.split(',').map((item) => item.trim().toLowerCase())
}
