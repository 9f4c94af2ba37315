import { ProxyError, toProxyError, type ErrorCode } from '../errors.ts'
import { isEmptyBody, type Body } from '../http/body.ts'
import type { Cancellable } from '../http/exchange.ts'
import type { HttpResponse } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import { fromSmallWebResponse, toWebStream } from '../http/web.ts'
import { dial } from '../net/dial.ts'
import { tlsTerms, type SocketTransportOptions } from './socket.ts'
import { dialAddress, type OutgoingRequest, type ServerAddress, type Transport } from './transport.ts'
import { Upstreams } from './upstreams.ts'

/** What the fetch transport honours of a servers transport; it opens no Upgrade, so it needs no head limits. */
export type FetchTransportOptions = Omit<SocketTransportOptions, 'limits'>

/** Forwarding by the platform's `fetch`. Only for what `isFetchable` (choose.ts) lets through. */
export function fetchTransport(options: FetchTransportOptions): Transport {
  const pools = new Upstreams<FetchPool>({
    make: () => new FetchPool(options),
    // Only idle connections are closed: the session goes on.
    readdress: ({ session }) => session.close(),
    close: (pool) => pool.close(),
    idleTimeoutMs: options.idleTimeoutMs,
  })
  return {
    send: (request) => new FetchExchange(request, options, pools.get(request.server)).send(),
    close: () => pools.close(),
  }
}

/** The platform carries 256 exchanges at once in a process and lets all others wait; some are left for other uses. */
const mostExchanges = 192
let exchanges = 0

/** False: what is sent now might wait for an answer that never comes to somebody else. */
export function hasFetchRoom(): boolean {
  return exchanges < mostExchanges
}

/** The connections to one server: a session counts its idle ones over all servers, where Traefik counts for each. */
class FetchPool {
  readonly session: Bun.FetchSession
  #isClosed = false

  constructor({ tls, idleTimeoutMs, maxIdleConnectionsPerHost }: FetchTransportOptions) {
    this.session = new Bun.FetchSession({
      tls: {
        ...tls.options,
        rejectUnauthorized: !tls.insecureSkipVerify,
        ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
      } as NonNullable<ConstructorParameters<typeof Bun.FetchSession>[0]>['tls'],
      // An environment variable must not send some requests another way than those that go over a socket.
      proxy: false,
      keepAlive: {
        idleTimeout: idleTimeoutMs === 0 ? undefined : idleTimeoutMs / 1000,
        maxIdleSockets: maxIdleConnectionsPerHost,
      },
    })
  }

  close(): void {
    this.#isClosed = true
    this.session.close()
  }

  /** An exchange is over. A session that was closed meanwhile keeps its connection all the same. */
  exchangeOver(): void {
    if (this.#isClosed) setImmediate(() => this.session.close())
  }
}

/**
 * One fetch with its AbortController, aborted by the client's going away or by a time-out.
 *
 *     sending ──last byte of the request──▶ awaiting ──head──▶ answered ──last byte of the response──▶ over
 */
class FetchExchange implements Cancellable, BodyObserver {
  readonly #request: OutgoingRequest
  readonly #options: FetchTransportOptions
  readonly #pool: FetchPool
  readonly #controller = new AbortController()
  #dialTimer: Timer | undefined
  #headTimer: Timer | undefined
  #isSent = false
  #isAnswered = false
  #isOver = false
  #abortedBy: ProxyError | undefined

  constructor(request: OutgoingRequest, options: FetchTransportOptions, pool: FetchPool) {
    this.#request = request
    this.#options = options
    this.#pool = pool
  }

  async send(): Promise<HttpResponse> {
    const { exchange, body, server, target } = this.#request
    exchanges += 1
    exchange.onCancel(this)
    this.#watchDial()
    if (isEmptyBody(body)) this.#requestSent()
    try {
      const response = await this.#pool.session.fetch(webOrigin(server) + target, this.#init())
      this.#answered()
      const fault = framingFault(response.headers)
      if (fault !== undefined) this.#refuse(fault)
      return this.#convert(await fromSmallWebResponse(response, brokenOff))
    } catch (thrown) {
      this.#answered()
      this.#over()
      const error = this.#abortedBy ?? fetchFault(thrown)
      body.cancel(error)
      throw error
    }
  }

  #refuse(fault: ProxyError): never {
    this.#abort(fault)
    throw fault
  }

  /** The head is there, or will never be. */
  #answered(): void {
    this.#isAnswered = true
    clearTimeout(this.#dialTimer)
    clearTimeout(this.#headTimer)
  }

  cancelled(error: ProxyError): void {
    this.#abort(error)
    // Nobody may be reading the body, and so learn that it is over.
    if (this.#isAnswered) this.#over()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    exchanges -= 1
    this.#request.exchange.offCancel(this)
  }

  #init(): BunFetchRequestInit {
    const { method, body, server } = this.#request
    return {
      method,
      headers: this.#headers(),
      redirect: 'manual',
      decompress: false,
      signal: this.#controller.signal,
      // Else it ends what has been silent for five minutes: a long poll, or events that are rare.
      timeout: false,
      ...(server.socketPath === undefined ? {} : { unix: server.socketPath }),
      ...(isEmptyBody(body) ? {} : { body: this.#stream(body) }),
    }
  }

  #stream(body: Body): ReadableStream<Uint8Array> {
    const ended = () => this.#requestSent()
    return toWebStream(new ObservedBody(body, { ended, failed: (error) => error }))
  }

  #headers(): Record<string, string> {
    // Without a prototype, so that a field may be called __proto__.
    const fields: Record<string, string> = Object.create(null)
    const { headers, host, body, method } = this.#request
    for (let at = 0; at < headers.length; at += 2) fields[headers[at]!] = headers[at + 1]!
    fields['Host'] = host
    if (body.length !== undefined && (body.length > 0 || announcesEmptyBody.has(method))) {
      fields['Content-Length'] = String(body.length)
    }
    return fields
  }

  #convert(response: HttpResponse): HttpResponse {
    if (isEmptyBody(response.body) || response.body.isInMemory === true) {
      this.ended()
      return response
    }
    return { ...response, body: new ObservedBody(response.body, this) }
  }

  /** The response is over. What is left of an upload that it did not wait for is of no use. */
  ended(): void {
    this.#over()
    this.#pool.exchangeOver()
    if (!this.#isSent) this.#abort(new ProxyError('upstream.reset', 'answered before the whole request had come'))
  }

  /** The reason to tell instead of the AbortError that it caused. */
  failed(error: ProxyError): ProxyError {
    this.#over()
    return this.#abortedBy ?? error
  }

  /** As the other transport does, and Go: the server's time begins with the last byte of the request. */
  #requestSent(): void {
    this.#isSent = true
    const { responseHeaderTimeoutMs } = this.#options
    if (responseHeaderTimeoutMs === 0 || this.#isAnswered) return
    const detail = `no response head within ${responseHeaderTimeoutMs / 1000} s`
    const late = () => this.#abort(new ProxyError('upstream.responseTimeout', detail))
    this.#headTimer = setTimeout(late, responseHeaderTimeoutMs)
  }

  /**
   * fetch tells nothing of connecting, so `dialTimeout` is watched from outside: when nothing has come by then, a
   * connection of our own shows whether the server can be reached at all.
   */
  #watchDial(): void {
    const { dialTimeoutMs } = this.#options
    if (dialTimeoutMs > 0) this.#dialTimer = setTimeout(() => this.#checkReachable(dialTimeoutMs), dialTimeoutMs)
  }

  #checkReachable(dialTimeoutMs: number): void {
    const { server, exchange } = this.#request
    const address = dialAddress(server)
    // With the handshake, since a server may accept and then say nothing.
    const tls = tlsTerms(server, this.#options.tls)
    const timeoutMs = Math.min(dialTimeoutMs, handshakeTimeoutMs)
    const unreachable = (thrown: unknown) => {
      if (!this.#isAnswered) this.#abort(new ProxyError('upstream.dialTimeout', toProxyError(thrown).message))
    }
    dial({ address, tls, timeoutMs, exchange }).then((connection) => connection.close(), unreachable)
  }

  #abort(error: ProxyError): void {
    this.#abortedBy ??= error
    this.#controller.abort(error)
  }
}

/** Go's limit. */
const handshakeTimeoutMs = 10_000

/** A URL must name a host, even where the request goes to a Unix socket. */
function webOrigin({ origin, socketPath }: ServerAddress): string {
  return socketPath === undefined ? origin : 'http://localhost'
}

/** What fetch accepts and the other transport refuses: a message that can be read in two ways (RFC 9112 §6.3). */
function framingFault(headers: Headers): ProxyError | undefined {
  const coding = headers.get('transfer-encoding')
  if (coding === null) return undefined
  if (coding.toLowerCase() !== 'chunked') {
    return new ProxyError('upstream.malformed', 'a transfer coding other than chunked')
  }
  if (!headers.has('content-length')) return undefined
  return new ProxyError('upstream.malformed', 'both Content-Length and Transfer-Encoding')
}

/** What fetch says of a body that ends too early. */
function brokenOff(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown
  return new ProxyError('upstream.truncated', thrown instanceof Error ? thrown.message : String(thrown), thrown)
}

const announcesEmptyBody = new Set(['POST', 'PUT', 'PATCH'])

const faults: Record<string, ErrorCode> = {
  ECONNREFUSED: 'upstream.refused',
  ENOENT: 'upstream.refused',
  ConnectionRefused: 'upstream.refused',
  ENOTFOUND: 'upstream.unresolved',
  EAI_AGAIN: 'upstream.unresolved',
  FailedToOpenSocket: 'upstream.unreachable',
  ECONNRESET: 'upstream.reset',
  ConnectionClosed: 'upstream.reset',
  EPROTO: 'upstream.handshake',
  Timeout: 'upstream.responseTimeout',
  Malformed_HTTP_Response: 'upstream.malformed',
  ResponseHeadersTooLarge: 'upstream.malformed',
  InvalidContentLength: 'upstream.malformed',
  UnsupportedTransferEncoding: 'upstream.malformed',
  UnrequestedUpgrade: 'upstream.malformed',
}

function fetchFault(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown
  const fault = thrown as { code?: string; message?: string }
  const code = fault.code ?? ''
  const known =
    faults[code] ??
    (/CERT|VERIFY|CHAIN|SELF_SIGNED|ISSUER|ALTNAME|HOSTNAME/.test(code) ? 'upstream.certificate' : undefined)
  const kind = known ?? (/TLS|SSL|HANDSHAKE/i.test(code) ? 'upstream.handshake' : 'upstream.reset')
  const detail = details[kind] ?? fault.message ?? String(thrown)
  return new ProxyError(kind, `${detail}${code === '' || detail.includes(code) ? '' : ` (${code})`}`, thrown)
}

/** In place of the platform's words, which ask whether the computer is able to access the URL. */
const details: Partial<Record<ErrorCode, string>> = {
  'upstream.refused': 'the server refuses connections',
  'upstream.unresolved': "the server's name can not be resolved",
  'upstream.unreachable': 'the server can not be reached',
}
