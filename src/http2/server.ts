import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { ClientFacts } from '../http/exchange.ts'
import { ProxyError } from '../errors.ts'
import type { Http1ServerOptions } from '../http1/server-options.ts'
import { clientKeepAliveMs } from '../http1/server.ts'
import type { Connection } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { ConnectionDuplex } from '../net/duplex.ts'
import type { Log } from '../observe/log.ts'
import { errorCodes, FrameGuard, type Violation } from './frame-guard.ts'
import { readRequestHead, type RawFields } from './request-head.ts'
import { resetStream } from './reset-stream.ts'
import { ServerStream, type StreamOwner } from './server-stream.ts'

export interface Http2ServerOptions extends Http1ServerOptions {
  readonly maxConcurrentStreams: number
  readonly maxDecoderHeaderTableSize: number
  readonly maxEncoderHeaderTableSize: number
  readonly log: Log
}

/**
 * Request bytes that may be on the way, for one stream and for the connection. The same for both: Bun reckons with the
 * connection's size when it opens a stream's window again, and a smaller stream would wait for ever.
 */
const windowBytes = 256 * 1024
const everyStream = 2 ** 31 - 1

/**
 *     open ──GOAWAY(all)──▶ draining ──answer to a PING──▶ closing ──last stream──▶ closed
 */
type State = 'open' | 'draining' | 'closing' | 'closed'

/** One HTTP/2 connection from a client. The engine is the platform's; what it does not judge, the guard does. */
export class Http2Session implements StreamOwner {
  readonly version = '2'
  readonly client: ClientFacts
  readonly options: Http2ServerOptions
  readonly #connection: Connection
  readonly #guard: FrameGuard
  readonly #duplex: ConnectionDuplex
  readonly #session: ServerHttp2Session
  readonly #streams = new Set<ServerStream>()
  readonly #startedAt = performance.now()
  readonly #idle = new Deadline(() => this.drain())
  readonly #head = new Deadline(() => this.#refuse(headTooSlow))
  #state: State = 'open'
  #requestCount = 0
  #awaitsHead = false

  constructor(connection: Connection, client: ClientFacts, options: Http2ServerOptions) {
    this.#connection = connection
    this.client = client
    this.options = options
    this.#guard = new FrameGuard({ maxHeaderBlockBytes: options.limits.maxHeadBytes })
    this.#duplex = new ConnectionDuplex(connection, (bytes) => this.#inspect(bytes))
    this.#session = performServerHandshake(this.#duplex, sessionOptions(options))
    // While a stream is open no time-out ends a connection whose client has vanished.
    connection.setKeepAlive(clientKeepAliveMs)
    this.#session.on('error', (error: Error) => this.#failed(error))
    this.#session.on('close', () => this.#closed())
    this.#session.on('stream', (stream, _headers, flags, raw?: RawFields) => this.#begin(stream, flags, raw ?? []))
  }

  /** `early`: bytes that were read while the protocol was identified. */
  start(early: Buffer | undefined): void {
    // Before the client's SETTINGS the engine takes the call for a change that leaves every stream without a window.
    this.#session.once('remoteSettings', () => this.#session.setLocalWindowSize(windowBytes))
    this.#idle.set(this.options.readTimeoutMs)
    if (early !== undefined && early.length > 0) this.#duplex.receive(early)
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
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, everyStream)
    this.#session.ping(() => this.#close())
  }

  /** Ends the connection now; the exchanges in progress are aborted with `reason`. */
  abort(reason: ProxyError): void {
    for (const stream of this.#streams) stream.abort(reason)
    this.#session.destroy()
    this.#connection.close()
  }

  streamEnded(stream: ServerStream): void {
    this.#streams.delete(stream)
    if (this.isIdle && this.#state === 'open') this.#idle.set(this.options.idleTimeoutMs)
  }

  #close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    this.#state = 'closing'
    this.#session.close()
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: RawFields): void {
    this.#idle.clear()
    this.#requestCount += 1
    // A stream's failure is told by its close; without a listener it would end the process.
    stream.on('error', ignored)
    const head = readRequestHead(raw, this.options.limits)
    if (head.kind === 'malformed') {
      this.options.log.debug(`HTTP/2 request refused: ${head.detail}`, { client: this.client.address })
      return resetStream(stream, new ProxyError('client.malformed', head.detail), constants.NGHTTP2_PROTOCOL_ERROR)
    }
    const serving = new ServerStream(stream, this)
    this.#streams.add(serving)
    if (head.kind === 'bad') serving.refuse(new ProxyError(head.code, head.detail))
    else serving.begin(head, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0)
    if (this.#isUsedUp()) this.drain()
  }

  #isUsedUp(): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTimeMs, isDraining } = this.options
    if (keepAliveMaxRequests > 0 && this.#requestCount >= keepAliveMaxRequests) return true
    if (keepAliveMaxTimeMs > 0 && performance.now() - this.#startedAt >= keepAliveMaxTimeMs) return true
    return isDraining()
  }

  #inspect(bytes: Buffer): boolean {
    const violation = this.#guard.inspect(bytes)
    if (violation !== undefined) {
      this.#refuse(violation)
      return false
    }
    this.#watchHead()
    return true
  }

  /** The clock of a head runs from its first frame, so that a drip of CONTINUATION does not stretch it. */
  #watchHead(): void {
    if (this.#guard.isInHeaderBlock === this.#awaitsHead) return
    this.#awaitsHead = this.#guard.isInHeaderBlock
    if (!this.#awaitsHead) return this.#head.clear()
    this.#idle.clear()
    this.#head.set(this.options.readTimeoutMs)
  }

  #refuse({ code, detail }: Violation): void {
    if (this.#state === 'closed') return
    this.options.log.warn(`HTTP/2 connection refused: ${detail}`, { client: this.client.address, code })
    const reason = new ProxyError('client.malformed', detail)
    for (const stream of this.#streams) stream.abort(reason)
    // The engine's own GOAWAY would wait for a flush that its `destroy` does not wait for.
    this.#connection.write(goawayFrame(this.#guard.lastStreamId, code))
    this.#session.destroy(reason, code)
  }

  #failed(error: Error): void {
    if (error instanceof ProxyError) return
    const { code } = error as { code?: string }
    // The engine has found a violation, or the peer has gone without a word, which is not worth one of ours.
    const level = code?.startsWith('ERR_HTTP2') === true ? 'warn' : 'debug'
    this.options.log[level](`HTTP/2 connection failed: ${error.message}`, { client: this.client.address, code })
  }

  #closed(): void {
    this.#state = 'closed'
    this.#idle.dispose()
    this.#head.dispose()
  }
}

const headTooSlow: Violation = { code: errorCodes.enhanceYourCalm, detail: 'no whole head within the read time-out' }

function ignored(): void {}

/** RFC 9113 §6.8. */
function goawayFrame(lastStreamId: number, code: number): Buffer {
  const frame = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  frame.writeUInt32BE(lastStreamId, 9)
  frame.writeUInt32BE(code, 13)
  return frame
}

function sessionOptions(options: Http2ServerOptions): Parameters<typeof performServerHandshake>[1] {
  const engine = {
    settings: {
      maxConcurrentStreams: options.maxConcurrentStreams,
      initialWindowSize: windowBytes,
      headerTableSize: options.maxDecoderHeaderTableSize,
      maxHeaderListSize: options.limits.maxHeadBytes,
      enableConnectProtocol: true,
    },
    maxHeaderListPairs: options.limits.maxFields + pseudoFields,
    maxDeflateDynamicTableSize: options.maxEncoderHeaderTableSize,
    // Not in the types of this version. What an upstream says twice is passed on twice, and a field with white space
    // around its value is refused (readRequestHead), where the engine would leave it out.
    strictSingleValueFields: false,
    strictFieldWhitespaceValidation: false,
  }
  return engine
}

const pseudoFields = 5
