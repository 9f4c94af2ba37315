import { ProxyError } from '../errors.ts'
import type { HttpResponse } from '../http/message.ts'
import type { HeadLimits } from '../http1/head.ts'
import type { Connection } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import type { OutgoingRequest } from '../upstream/transport.ts'
import { ClientStream, type ClientStreamOwner } from './client-stream.ts'
import { Http2Engine, type EngineOwner } from './engine.ts'
import { errorCode, type Violation } from './frame.ts'
import { Liveness } from './liveness.ts'
import type { SettingsChange } from './settings.ts'
import type { Http2Stream } from './stream.ts'

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

/**
 * Response bytes that may be on the way, of one stream and of all. Streams belong to different clients, so one that
 * reads slowly must never stop the others: it is bounded by its own window alone.
 */
const streamWindowBytes = 512 * 1024
const connectionWindowBytes = 2 ** 30
const defaultTableBytes = 4096

/** One HTTP/2 connection to an upstream: as many exchanges at once as the server allows. */
export class Http2Connection implements ClientStreamOwner, EngineOwner {
  readonly options: Http2ConnectionOptions
  hasAnswered = false
  readonly #connection: Connection
  readonly #engine: Http2Engine
  readonly #idle = new Deadline(() => this.close())
  readonly #handshake = new Deadline(() => this.#silent())
  readonly #liveness: Liveness
  readonly #ready = Promise.withResolvers<Http2Connection>()
  #streams = 0
  #maxStreams = Infinity
  #isGone = false
  #isIntroduced = false

  /** Resolves when the server has introduced itself. Rejects with a ProxyError when it does not; nothing is left open. */
  static open(connection: Connection, options: Http2ConnectionOptions, timeoutMs: number): Promise<Http2Connection> {
    const opened = new Http2Connection(connection, options)
    if (timeoutMs > 0) opened.#handshake.set(timeoutMs)
    return opened.#ready.promise
  }

  private constructor(connection: Connection, options: Http2ConnectionOptions) {
    this.#connection = connection
    this.options = options
    const { readIdleTimeoutMs, pingTimeoutMs, limits } = options
    this.#liveness = new Liveness({
      readIdleTimeoutMs,
      pingTimeoutMs,
      ping: () => this.#engine.ping(() => {}),
      dead: () => this.#dead(),
    })
    const engine = {
      role: 'client',
      streamWindowBytes,
      connectionWindowBytes,
      maxConcurrentStreams: 0,
      decoderTableBytes: defaultTableBytes,
      encoderTableBytes: defaultTableBytes,
      maxHeaderBytes: limits.maxHeadBytes,
    } as const
    this.#engine = new Http2Engine(connection, engine, this)
  }

  settingsReceived({ maxConcurrentStreams }: SettingsChange): void {
    if (maxConcurrentStreams !== undefined) this.#maxStreams = maxConcurrentStreams
    if (this.#isIntroduced) return
    this.#isIntroduced = true
    this.#handshake.dispose()
    if (this.#maxStreams > 0) return this.#ready.resolve(this)
    this.#ready.reject(new ProxyError('upstream.malformed', 'HTTP/2 SETTINGS that allow no stream'))
    this.close()
  }

  goawayReceived(): void {
    this.#leave()
  }

  heard(): void {
    this.#liveness.heard()
  }

  /** Streams are not opened by servers. */
  opened(stream: Http2Stream): void {
    stream.reset(errorCode.refusedStream)
  }

  /** What it means for a stream is told by that stream's close. */
  violated({ detail }: Violation): void {
    this.#ready.reject(new ProxyError('upstream.malformed', `not HTTP/2: ${detail}`))
    this.#leave()
  }

  closed(): void {
    this.#handshake.dispose()
    this.#liveness.dispose()
    this.#ready.reject(new ProxyError('upstream.reset', 'closed by the server before it introduced itself'))
    this.#leave()
  }

  #silent(): void {
    this.#ready.reject(new ProxyError('upstream.dialTimeout', 'no HTTP/2 SETTINGS within the dial time-out'))
    this.#engine.destroy()
    this.#connection.close()
  }

  /** Its streams fail with it: nobody is there to finish them. */
  #dead(): void {
    this.#liveness.dispose()
    this.#leave()
    this.#engine.destroy()
    this.#connection.close(new Error('no sign of life within the ping time-out'))
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  /** True when one more stream may be opened. */
  get hasRoom(): boolean {
    return !this.#isGone && this.#engine.canOpen && this.#streams < this.#maxStreams
  }

  /** Rejects with `Unprocessed` (unprocessed.ts) when the server has not looked at the request, else with a ProxyError. */
  send(request: OutgoingRequest): Promise<HttpResponse> {
    this.#streams += 1
    this.#idle.clear()
    return new ClientStream(this.#engine, request, this).send()
  }

  /** Takes no more requests, and closes after those in progress. */
  close(): void {
    this.#leave()
    this.#engine.close()
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
}
