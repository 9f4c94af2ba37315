import type { ClientFacts } from '../http/exchange.ts'
import { ProxyError } from '../errors.ts'
import type { Http1ServerOptions } from '../http1/server-options.ts'
import { clientKeepAliveMs } from '../http1/server.ts'
import type { Connection } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import type { Log } from '../observe/log.ts'
import { Http2Engine, type EngineOwner } from './engine.ts'
import { errorCode, mostWindowBytes, violation, type Violation } from './frame.ts'
import type { DecodedFields } from './hpack/decoder.ts'
import { readRequestHead } from './request-head.ts'
import { ServerStream, type StreamOwner } from './server-stream.ts'
import type { Http2Stream } from './stream.ts'

export interface Http2ServerOptions extends Http1ServerOptions {
  readonly maxConcurrentStreams: number
  readonly maxDecoderHeaderTableSize: number
  readonly maxEncoderHeaderTableSize: number
  readonly log: Log
}

/** Request bytes that may be on the way, of one stream and of all: some may stand still without stopping the others. */
const streamWindowBytes = 256 * 1024
const connectionWindowBytes = 1024 * 1024

/**
 *     open ──GOAWAY(all)──▶ draining ──answer to a PING──▶ closing ──last stream──▶ closed
 */
type State = 'open' | 'draining' | 'closing' | 'closed'

/** One HTTP/2 connection from a client. */
export class Http2Session implements StreamOwner, EngineOwner {
  readonly version = '2'
  readonly client: ClientFacts
  readonly options: Http2ServerOptions
  readonly #connection: Connection
  readonly #engine: Http2Engine
  readonly #streams = new Set<ServerStream>()
  readonly #startedAt = performance.now()
  readonly #idle = new Deadline(() => this.drain())
  readonly #head = new Deadline(() => this.#engine.violate(headTooSlow))
  #state: State = 'open'
  #requestCount = 0
  #awaitsHead = false

  constructor(connection: Connection, client: ClientFacts, options: Http2ServerOptions) {
    this.#connection = connection
    this.client = client
    this.options = options
    const engine = {
      role: 'server',
      streamWindowBytes,
      connectionWindowBytes,
      maxConcurrentStreams: options.maxConcurrentStreams,
      decoderTableBytes: options.maxDecoderHeaderTableSize,
      encoderTableBytes: options.maxEncoderHeaderTableSize,
      maxHeaderBytes: options.limits.maxHeadBytes,
    } as const
    this.#engine = new Http2Engine(connection, engine, this)
    // While a stream is open no time-out ends a connection whose client has vanished.
    connection.setKeepAlive(clientKeepAliveMs)
  }

  /** `early`: bytes that were read while the protocol was identified. */
  start(early: Buffer | undefined): void {
    this.#idle.set(this.options.readTimeoutMs)
    if (early !== undefined && early.length > 0) this.#engine.take(early)
  }

  get isIdle(): boolean {
    return this.#streams.size === 0
  }

  /**
   * Says that no further stream will be taken. Those that the client has opened before it reads so are still served:
   * the last stream is named only when it has answered a PING (RFC 9113 §6.8).
   */
  drain(): void {
    if (this.#state !== 'open') return
    if (this.isIdle) return this.#close()
    this.#state = 'draining'
    this.#engine.goaway(mostWindowBytes)
    this.#engine.ping(() => this.#close())
  }

  /** Ends the connection now; the exchanges in progress are aborted with `reason`. */
  abort(reason: ProxyError): void {
    for (const stream of this.#streams) stream.abort(reason)
    this.#engine.destroy()
    this.#connection.close()
  }

  streamEnded(stream: ServerStream): void {
    this.#streams.delete(stream)
    if (this.isIdle && this.#state === 'open') this.#idle.set(this.options.idleTimeoutMs)
  }

  #close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    this.#state = 'closing'
    this.#engine.close()
  }

  opened(stream: Http2Stream, section: DecodedFields, endStream: boolean): void {
    this.#idle.clear()
    this.#requestCount += 1
    const head = readRequestHead(section.fields, this.options.limits)
    if (head.kind === 'malformed') return this.#refuseStream(stream, head.detail)
    if (head.kind === 'head' && endStream && (head.contentLength ?? 0) > 0) {
      return this.#refuseStream(stream, 'a content-length without a body')
    }
    const serving = new ServerStream(stream, this)
    this.#streams.add(serving)
    if (head.kind === 'bad') serving.refuse(new ProxyError(head.code, head.detail), endStream)
    else serving.begin(head, endStream)
    if (this.#isUsedUp()) this.drain()
  }

  #refuseStream(stream: Http2Stream, detail: string): void {
    this.options.log.debug(`HTTP/2 request refused: ${detail}`, { client: this.client.address })
    stream.reset(errorCode.protocolError)
    if (this.isIdle && this.#state === 'open') this.#idle.set(this.options.idleTimeoutMs)
  }

  #isUsedUp(): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTimeMs, isDraining } = this.options
    if (keepAliveMaxRequests > 0 && this.#requestCount >= keepAliveMaxRequests) return true
    if (keepAliveMaxTimeMs > 0 && performance.now() - this.#startedAt >= keepAliveMaxTimeMs) return true
    return isDraining()
  }

  settingsReceived(): void {}

  /** Who says so is leaving, and closes its connection; some forget that. */
  goawayReceived(): void {
    this.drain()
  }

  /** The clock of a head runs from its first frame, so that a drip of CONTINUATION does not stretch it. */
  heard(): void {
    if (this.#engine.isInFieldSection === this.#awaitsHead) return
    this.#awaitsHead = this.#engine.isInFieldSection
    if (!this.#awaitsHead) return this.#head.clear()
    this.#idle.clear()
    this.#head.set(this.options.readTimeoutMs)
  }

  violated({ code, detail }: Violation): void {
    this.options.log.warn(`HTTP/2 connection refused: ${detail}`, { client: this.client.address, code })
    const reason = new ProxyError('client.malformed', detail)
    for (const stream of this.#streams) stream.abort(reason)
  }

  closed(error: Error | undefined): void {
    this.#state = 'closed'
    this.#idle.dispose()
    this.#head.dispose()
    if (error === undefined) return
    this.options.log.debug(`HTTP/2 connection failed: ${error.message}`, { client: this.client.address })
  }
}

const headTooSlow = violation('enhanceYourCalm', 'no whole head within the read time-out')
