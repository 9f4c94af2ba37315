import { ProxyError, toProxyError, type ErrorCode } from '../errors.ts'
import { isEmptyBody } from '../http/body.ts'
import type { Cancellable } from '../http/exchange.ts'
import type { HttpResponse } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import { fromWebResponse, toWebStream } from '../http/web.ts'
import { dial } from '../net/dial.ts'
import type { SocketTransportOptions } from './socket.ts'
import type { OutgoingRequest, Transport } from './transport.ts'

/** What the fetch transport honours of a servers transport; it opens no Upgrade, so it needs no head limits. */
export type FetchTransportOptions = Omit<SocketTransportOptions, 'limits'>

/** Forwarding by the platform's `fetch`. Only for what `isFetchable` (choose.ts) lets through. */
export function fetchTransport(options: FetchTransportOptions): Transport {
  const { tls } = options
  const session = new Bun.FetchSession({
    tls: {
      ...tls.options,
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    } as NonNullable<ConstructorParameters<typeof Bun.FetchSession>[0]>['tls'],
    // An environment variable must not send some requests another way than those that go over a socket.
    proxy: false,
    keepAlive: {
      idleTimeout: options.idleTimeoutMs === 0 ? undefined : options.idleTimeoutMs / 1000,
      maxIdleSockets: options.maxIdleConnectionsPerHost,
    },
  })
  return {
    send: (request) => new FetchExchange(request, options, session).send(),
    close: () => session.close(),
  }
}

/** One fetch with its AbortController, aborted by the client's going away or by a time-out. */
class FetchExchange implements Cancellable, BodyObserver {
  readonly #request: OutgoingRequest
  readonly #options: FetchTransportOptions
  readonly #session: Bun.FetchSession
  readonly #controller = new AbortController()
  #timer: Timer | undefined
  #abortedBy: ProxyError | undefined

  constructor(request: OutgoingRequest, options: FetchTransportOptions, session: Bun.FetchSession) {
    this.#request = request
    this.#options = options
    this.#session = session
  }

  async send(): Promise<HttpResponse> {
    const { exchange } = this.#request
    exchange.onCancel(this)
    this.#watch()
    try {
      const response = await this.#session.fetch(this.#request.server.origin + this.#request.target, this.#init())
      return this.#convert(response)
    } catch (thrown) {
      exchange.offCancel(this)
      const error = this.#abortedBy ?? fetchFault(thrown)
      this.#request.body.cancel(error)
      throw error
    } finally {
      clearTimeout(this.#timer)
    }
  }

  cancelled(error: ProxyError): void {
    this.#abort(error)
  }

  #init(): BunFetchRequestInit {
    const { method, body } = this.#request
    return {
      method,
      headers: this.#headers(),
      redirect: 'manual',
      decompress: false,
      signal: this.#controller.signal,
      ...(isEmptyBody(body) ? {} : { body: toWebStream(body) }),
    }
  }

  #headers(): Record<string, string> {
    const fields: Record<string, string> = {}
    const { headers, host, body, method } = this.#request
    for (let at = 0; at < headers.length; at += 2) fields[headers[at]!] = headers[at + 1]!
    fields['Host'] = host
    if (body.length !== undefined && (body.length > 0 || announcesEmptyBody.has(method))) {
      fields['Content-Length'] = String(body.length)
    }
    return fields
  }

  #convert(response: Response): HttpResponse {
    const converted = fromWebResponse(response)
    if (!isEmptyBody(converted.body)) return { ...converted, body: new ObservedBody(converted.body, this) }
    this.ended()
    return converted
  }

  ended(): void {
    this.#request.exchange.offCancel(this)
  }

  /** The reason to tell instead of the AbortError that it caused. */
  failed(error: ProxyError): ProxyError {
    this.#request.exchange.offCancel(this)
    if (this.#abortedBy !== undefined) return this.#abortedBy
    return error.code === 'proxy.unexpected' ? new ProxyError('upstream.truncated', error.message, error.cause) : error
  }

  /**
   * fetch tells nothing of connecting, so `dialTimeout` is watched from outside: when nothing has come by then, a
   * connection of our own shows whether the server can be reached at all.
   */
  #watch(): void {
    const { dialTimeoutMs, responseHeaderTimeoutMs } = this.#options
    if (responseHeaderTimeoutMs > 0 && (dialTimeoutMs === 0 || responseHeaderTimeoutMs <= dialTimeoutMs)) {
      return this.#abortAfter(responseHeaderTimeoutMs)
    }
    if (dialTimeoutMs === 0) return
    this.#timer = setTimeout(() => {
      if (responseHeaderTimeoutMs > 0) this.#abortAfter(responseHeaderTimeoutMs - dialTimeoutMs)
      this.#checkReachable(dialTimeoutMs)
    }, dialTimeoutMs)
  }

  #abortAfter(milliseconds: number): void {
    const seconds = this.#options.responseHeaderTimeoutMs / 1000
    const late = () => this.#abort(new ProxyError('upstream.responseTimeout', `no response head within ${seconds} s`))
    this.#timer = setTimeout(late, milliseconds)
  }

  #checkReachable(timeoutMs: number): void {
    const { host, port } = this.#request.server
    dial({ address: { host, port }, tls: undefined, timeoutMs }).then(
      (connection) => connection.close(),
      (thrown) => this.#abort(new ProxyError('upstream.dialTimeout', toProxyError(thrown).message)),
    )
  }

  #abort(error: ProxyError): void {
    this.#abortedBy ??= error
    this.#controller.abort(error)
  }
}

const announcesEmptyBody = new Set(['POST', 'PUT', 'PATCH'])

const faults: Record<string, ErrorCode> = {
  ECONNREFUSED: 'upstream.refused',
  ConnectionRefused: 'upstream.refused',
  ENOTFOUND: 'upstream.unresolved',
  EAI_AGAIN: 'upstream.unresolved',
  FailedToOpenSocket: 'upstream.unreachable',
  ECONNRESET: 'upstream.reset',
  ConnectionClosed: 'upstream.reset',
  Timeout: 'upstream.responseTimeout',
  Malformed_HTTP_Response: 'upstream.malformed',
}

function fetchFault(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown
  const fault = thrown as { code?: string; message?: string }
  const code = fault.code ?? ''
  const known =
    faults[code] ?? (/CERT|SELF_SIGNED|ISSUER|ALTNAME|HOSTNAME/.test(code) ? 'upstream.certificate' : undefined)
  const kind = known ?? (/TLS|SSL|HANDSHAKE/i.test(code) ? 'upstream.handshake' : 'upstream.reset')
  return new ProxyError(kind, `${fault.message ?? String(thrown)}${code === '' ? '' : ` (${code})`}`, thrown)
}
