import { connect, type ClientHttp2Session } from 'node:http2'
import { ProxyError } from '../errors.ts'
import type { HttpResponse } from '../http/message.ts'
import type { HeadLimits } from '../http1/head.ts'
import type { Connection } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { ConnectionDuplex } from '../net/duplex.ts'
import type { OutgoingRequest } from '../upstream/transport.ts'
import { Liveness } from './liveness.ts'
import { ClientStream, type ClientStreamOwner } from './client-stream.ts'

export interface Http2ConnectionOptions {
  readonly limits: HeadLimits
  /** From the last byte of a request to the head of its response; 0: no limit. */
  readonly responseHeaderTimeoutMs: number
  /** How long a connection without streams is kept; 0: for ever. */
  readonly idleTimeoutMs: number
  /** See `LivenessOptions`. */
  readonly readIdleTimeoutMs: number
  readonly pingTimeoutMs: number
  /** The connection takes no more requests: it has ended, or will after those in progress. */
  gone(connection: Http2Connection): void
}

/** Response bytes that may be on the way, for one stream and for the connection: the same, as in server.ts. */
const windowBytes = 1024 * 1024

/** One HTTP/2 connection to an upstream: as many exchanges at once as the server allows. */
export class Http2Connection implements ClientStreamOwner {
  readonly options: Http2ConnectionOptions
  hasAnswered = false
  readonly #connection: Connection
  readonly #session: ClientHttp2Session
  readonly #idle = new Deadline(() => this.close())
  readonly #handshake = new Deadline(() => this.#silent())
  readonly #liveness: Liveness
  readonly #ready = Promise.withResolvers<Http2Connection>()
  #streams = 0
  #maxStreams = Infinity
  #isGone = false

  /** Resolves when the server has introduced itself. Rejects with a ProxyError when it does not; nothing is left open. */
  static open(connection: Connection, options: Http2ConnectionOptions, timeoutMs: number): Promise<Http2Connection> {
    const opened = new Http2Connection(connection, options)
    if (timeoutMs > 0) opened.#handshake.set(timeoutMs)
    return opened.#ready.promise
  }

  private constructor(connection: Connection, options: Http2ConnectionOptions) {
    this.#connection = connection
    this.options = options
    const duplex = new ConnectionDuplex(connection, () => {
      this.#liveness.heard()
      return true
    })
    this.#session = connect('http://upstream', { createConnection: () => duplex, ...sessionOptions(options) })
    const { readIdleTimeoutMs, pingTimeoutMs } = options
    this.#liveness = new Liveness({
      readIdleTimeoutMs,
      pingTimeoutMs,
      ping: () => this.#ping(),
      dead: () => this.#dead(),
    })
    this.#session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#maxStreams = maxConcurrentStreams ?? Infinity
    })
    this.#session.once('remoteSettings', () => this.#introduced())
    this.#session.on('goaway', () => this.#leave())
    this.#session.on('error', (error: Error) => this.#failed(error))
    this.#session.on('close', () => this.#closed())
  }

  /** Only now: streams that were opened before would be left without a window by this call. */
  #introduced(): void {
    this.#handshake.dispose()
    if (this.#maxStreams === 0) {
      this.#ready.reject(new ProxyError('upstream.malformed', 'HTTP/2 SETTINGS that allow no stream'))
      return this.close()
    }
    this.#session.setLocalWindowSize(windowBytes)
    this.#ready.resolve(this)
  }

  /** What it means for a stream is told by that stream's close. */
  #failed(error: Error): void {
    this.#ready.reject(new ProxyError('upstream.malformed', `not HTTP/2: ${error.message}`, error))
    this.#leave()
  }

  #silent(): void {
    this.#ready.reject(new ProxyError('upstream.dialTimeout', 'no HTTP/2 SETTINGS within the dial time-out'))
    this.#session.destroy()
    this.#connection.close()
  }

  #ping(): void {
    // A session that was closed from here does not always say so (Bun 1.4.5).
    if (this.#session.destroyed) this.#liveness.dispose()
    else this.#session.ping(() => {})
  }

  /** Its streams fail with it: nobody is there to finish them. */
  #dead(): void {
    this.#liveness.dispose()
    this.#leave()
    this.#session.destroy()
    this.#connection.close(new Error('no sign of life within the ping time-out'))
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  /** True when one more stream may be opened. */
  get hasRoom(): boolean {
    return !this.#isGone && this.#streams < this.#maxStreams
  }

  /** Rejects with `Unprocessed` (unprocessed.ts) when the server has not looked at the request, else with a ProxyError. */
  send(request: OutgoingRequest): Promise<HttpResponse> {
    this.#streams += 1
    this.#idle.clear()
    return new ClientStream(this.#session, request, this).send()
  }

  /** Takes no more requests, and closes after those in progress. */
  close(): void {
    this.#leave()
    this.#session.close()
  }

  streamEnded(): void {
    this.#streams -= 1
    if (this.#streams === 0 && !this.#isGone) this.#idle.set(this.options.idleTimeoutMs)
  }

  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#idle.dispose()
    this.options.gone(this)
  }

  #closed(): void {
    this.#handshake.dispose()
    this.#liveness.dispose()
    this.#ready.reject(new ProxyError('upstream.reset', 'closed by the server before it introduced itself'))
    this.#leave()
    if (!this.#connection.isClosed) this.#connection.end()
  }
}

function sessionOptions({ limits }: Http2ConnectionOptions): object {
  return {
    settings: { enablePush: false, initialWindowSize: windowBytes, maxHeaderListSize: limits.maxHeadBytes },
    maxHeaderListPairs: limits.maxFields,
    strictSingleValueFields: false,
    strictFieldWhitespaceValidation: false,
  }
}
