import { ProxyError } from '../errors.ts'
import type { Headers } from './headers.ts'
import type { HttpRequest, HttpResponse } from './message.ts'

/** What is known of the peer that sent a request; one object per connection. */
export interface ClientFacts {
  /** Without brackets or zone: `127.0.0.1`, `::1`. After a PROXY header, the address it told. */
  readonly address: string
  readonly port: number
  readonly localAddress: string
  readonly localPort: number
  readonly tls: TlsFacts | undefined
  /** What forwarded.ts made of the fields of the last request, if those recur: likely, the next one has the same. */
  forwarded?: ForwardedFields | undefined
}

export interface ForwardedFields {
  readonly from: Headers
  readonly host: string
  /** Undefined as long as they came but once on this connection. */
  readonly headers: Headers | undefined
}

export interface TlsFacts {
  /** Server name of the ClientHello in lower case, '' without one. */
  readonly serverName: string
  /** `TLSv1.2`, `TLSv1.3` … */
  readonly version: string
  readonly cipher: string
  /** Negotiated protocol, '' without ALPN. */
  readonly alpn: string
  /** Name of the TLS options that the handshake used (`default`, `strict@file`). */
  readonly optionsName: string
  /** DER of the client's chain, leaf first; empty without a client certificate. Parsed only when asked for. */
  peerCertificates(): readonly Uint8Array[]
}

export interface Cancellable {
  cancelled(error: ProxyError): void
}

export interface InterimSender {
  sendInterim(status: number, headers: Headers): void
}

/** How an exchange ended: `complete` when the last byte of the response has been handed to the client's socket. */
export type Outcome = { readonly kind: 'complete' } | { readonly kind: 'aborted'; readonly error: ProxyError }

/**
 * The record of one request's life: who asked, which way it went, how it ended. It is the one mutable thing on the data
 * path: layers write down facts as they learn them, observers (access log, metrics, live view) read them at the end.
 */
export class Exchange {
  readonly entryPoint: string
  readonly client: ClientFacts
  /** Epoch milliseconds, with fractions. */
  readonly startedAt: number
  /** As it came from the wire, before any layer. Set by the server. */
  request: HttpRequest | undefined
  /** As handed to the server for writing. */
  response: HttpResponse | undefined
  /** Host in lower case without port and brackets; set by the request decorator. */
  canonicalHost = ''
  routerName: string | undefined
  serviceName: string | undefined
  /** URL of the chosen server. */
  serverUrl: string | undefined
  /** Origins of servers that could not be had for this request: another attempt goes elsewhere if it can. */
  failedServers: Set<string> | undefined
  clientUsername: string | undefined
  /** Milliseconds that the server took to its last byte; undefined when none was asked. */
  originDurationMs: number | undefined
  originStatus: number | undefined
  /** Fields and body bytes as the server sent them, before any middleware changed them. */
  originHeaders: Headers | undefined
  originBytes: number | undefined
  /** Body bytes of the request read from the client, and of the response written to it. */
  requestBytes = 0
  responseBytes = 0
  endedAt: number | undefined
  outcome: Outcome | undefined
  /** The failure behind a response that the proxy made itself (502, 404 …). */
  failure: ProxyError | undefined
  traceId: string | undefined
  spanId: string | undefined
  /** False when the router or entry point has switched its access log, metrics or tracing off. */
  accessLogged = true
  /** Takes interim responses (1xx other than 101) to the client; undefined where its protocol version has none. */
  interim: InterimSender | undefined
  #cancelled: ProxyError | undefined
  /** Nearly always there is one at a time: the transport. */
  #listener: Cancellable | undefined
  #moreListeners: Cancellable[] | undefined
  #controller: AbortController | undefined

  constructor(entryPoint: string, client: ClientFacts, startedAt: number) {
    this.entryPoint = entryPoint
    this.client = client
    this.startedAt = startedAt
  }

  /** Why nobody waits for this exchange any more, else undefined. */
  get cancelled(): ProxyError | undefined {
    return this.#cancelled
  }

  /** For APIs that take an AbortSignal; made at the first asking, since most requests need none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#cancelled !== undefined) this.#controller.abort(this.#cancelled)
    return this.#controller.signal
  }

  /** Calls `listener.cancelled` once when the client goes away; at once if it has. Take it back with `offCancel`. */
  onCancel(listener: Cancellable): void {
    if (this.#cancelled !== undefined) return listener.cancelled(this.#cancelled)
    if (this.#listener === undefined) this.#listener = listener
    else (this.#moreListeners ??= []).push(listener)
  }

  offCancel(listener: Cancellable): void {
    if (this.#listener === listener) this.#listener = undefined
    else if (this.#moreListeners !== undefined)
      this.#moreListeners = this.#moreListeners.filter((one) => one !== listener)
  }

  /** Another attempt is made: what the one before has learnt is no longer true, but that its server was of no use. */
  forgetAttempt(): void {
    if (this.serverUrl !== undefined) (this.failedServers ??= new Set()).add(this.serverUrl)
    this.failure = undefined
    this.serverUrl = undefined
    this.originDurationMs = undefined
    this.originStatus = undefined
    this.originHeaders = undefined
    this.originBytes = undefined
  }

  /** Called by the server when the client is gone, has timed out, or the proxy shuts down. Only the first call counts. */
  cancel(error: ProxyError): void {
    if (this.#cancelled !== undefined) return
    this.#cancelled = error
    this.#controller?.abort(error)
    const first = this.#listener
    const others = this.#moreListeners
    this.#listener = undefined
    this.#moreListeners = undefined
    first?.cancelled(error)
    if (others !== undefined) for (const listener of others) listener.cancelled(error)
  }
}
