import type { ClientFacts } from '../http/exchange.ts'
import { ProxyError } from '../errors.ts'
import { hasToken } from '../http/headers.ts'
import { errorCode } from '../http2/frame.ts'
import { readRequestHead, type RawFields } from '../http2/request-head.ts'
import type { Http2ServerOptions } from '../http2/server.ts'
import { ServerStream, type StreamOwner } from '../http2/server-stream.ts'
import { TokenBucket } from '../http2/token-bucket.ts'
import { Deadline } from '../net/deadline.ts'
import type { QuicRequestStream, QuicSession } from '../net/quic.ts'
import { http3Code } from './error-code.ts'
import { fieldPairs } from './fields.ts'
import { Http3Stream } from './stream.ts'
import type { WaitingBytes } from './waiting-bytes.ts'

export interface Http3SessionOptions extends Http2ServerOptions {
  readonly waiting: WaitingBytes
}

/** One HTTP/3 connection from a client, from the end of its handshake. */
export class Http3Session implements StreamOwner {
  readonly version = '3'
  readonly client: ClientFacts
  readonly options: Http3SessionOptions
  readonly #session: QuicSession
  readonly #streams = new Set<ServerStream>()
  readonly #startedAt = performance.now()
  readonly #idle = new Deadline(() => this.drain())
  readonly #resets = new TokenBucket(500, 50)
  #requestCount = 0
  #isRefused = false

  constructor(session: QuicSession, client: ClientFacts, options: Http3SessionOptions) {
    this.#session = session
    this.client = client
    this.options = options
    this.#idle.set(options.readTimeoutMs)
    const over = () => this.#idle.dispose()
    session.closed.then(over, over)
  }

  /** A stream that has been opened; its head is still to come. */
  take(quic: QuicRequestStream): void {
    quic.onheaders = (block) => {
      const raw = fieldPairs(block)
      const takesTrailers = hasToken(raw, 'te', 'trailers')
      const stream = new Http3Stream(quic, { waiting: this.options.waiting, takesTrailers })
      // The end of a request without a body is seen right behind its head, and a body of unknown length is another request.
      setImmediate(() => this.#begin(stream, raw))
    }
  }

  /** Says that no further request will be taken (GOAWAY), and closes after those in progress. */
  drain(): void {
    this.#session.close().catch(ignored)
  }

  /** Ends the connection now; the exchanges in progress are aborted with `reason`. */
  abort(reason: ProxyError): void {
    for (const stream of this.#streams) stream.abort(reason)
    this.#session.destroy(undefined, { code: http3Code.noError, type: 'application' })
  }

  streamEnded(stream: ServerStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size === 0 && !this.#session.destroyed) this.#idle.set(this.options.idleTimeoutMs)
  }

  #begin(stream: Http3Stream, raw: RawFields): void {
    if (stream.isClosed) return this.#countReset(stream)
    this.#requestCount += 1
    const head = readRequestHead(raw, this.options.limits)
    if (head.kind === 'malformed') {
      this.options.log.debug(`HTTP/3 request refused: ${head.detail}`, { client: this.client.address })
      return stream.reset(errorCode.protocolError)
    }
    this.#idle.clear()
    const serving = new ServerStream(stream, this)
    this.#streams.add(serving)
    stream.owner = {
      closed: () => this.#countReset(stream),
      overfull: () => serving.bodyFailed(bodyTooFast),
    }
    if (head.kind === 'bad') serving.refuse(new ProxyError(head.code, head.detail), stream.hasEndedEmpty)
    else serving.begin(head, stream.hasEndedEmpty)
    if (this.#isUsedUp()) this.drain()
  }

  #isUsedUp(): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTimeMs, isDraining } = this.options
    if (keepAliveMaxRequests > 0 && this.#requestCount >= keepAliveMaxRequests) return true
    if (keepAliveMaxTimeMs > 0 && performance.now() - this.#startedAt >= keepAliveMaxTimeMs) return true
    return isDraining()
  }

  /** Requests that are taken back at once cost the servers behind as much as others, and the client nothing. */
  #countReset({ wasTakenBack }: Http3Stream): void {
    if (!wasTakenBack || this.#isRefused || this.#resets.take()) return
    this.#isRefused = true
    this.options.log.warn('HTTP/3 connection refused: too many resets', { client: this.client.address })
    const reason = new ProxyError('client.malformed', 'too many resets')
    for (const stream of this.#streams) stream.abort(reason)
    this.#session.destroy(undefined, { code: http3Code.excessiveLoad, type: 'application' })
  }
}

const bodyTooFast = new ProxyError(
  'client.bodyTooLarge',
  'more of the body came than the server took, and HTTP/3 holds',
)

function ignored(): void {}
