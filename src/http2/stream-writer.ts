import { ProxyError } from '../errors.ts'
import type { Body, BodySink } from '../http/body.ts'
import { noHeaders, type Headers } from '../http/headers.ts'
import { trailerObject } from './encode-fields.ts'
import type { MessageStream } from './message-stream.ts'

export interface StreamWriterOwner {
  /** Everything has been given to the stream, its end too. */
  bodyWritten(): void
  /** The body broke off or is not as long as was said: only a reset tells the peer so. */
  bodyFailed(error: ProxyError): void
}

/** Writes a body, and the trailers behind it, to one stream of either side. */
export class StreamWriter implements BodySink {
  bodyBytes = 0
  readonly #stream: MessageStream
  readonly #body: Body
  readonly #owner: StreamWriterOwner
  #state: 'starting' | 'writing' | 'done' = 'starting'
  #trailers: Headers = noHeaders
  /** The first piece waits until it is known whether it is the last: then one frame says both. */
  #held: Uint8Array | undefined

  constructor(stream: MessageStream, body: Body, owner: StreamWriterOwner) {
    this.#stream = stream
    this.#body = body
    this.#owner = owner
    stream.on('drain', () => this.#drained())
    stream.on('wantTrailers', () => this.#sendTrailers())
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  start(): void {
    this.#body.pipe(this)
    if (this.#state !== 'starting') return
    this.#state = 'writing'
    const held = this.#held
    this.#held = undefined
    if (held !== undefined && this.#stream.write(held)) this.#body.resume()
  }

  write(piece: Uint8Array): boolean {
    if (this.#state === 'done') return true
    this.bodyBytes += piece.length
    const { length } = this.#body
    if (length !== undefined && this.bodyBytes > length) {
      this.#abandon(`body is longer than its Content-Length of ${length}`)
      return true
    }
    // An empty DATA frame says nothing, and peers count them as an attack.
    if (piece.length === 0) return true
    if (this.#state === 'writing') return this.#stream.write(piece)
    if (this.#held === undefined) {
      this.#held = piece
      return false
    }
    this.#stream.write(this.#held)
    this.#held = piece
    return false
  }

  end(trailers: Headers): void {
    if (this.#state === 'done') return
    const { length } = this.#body
    if (length !== undefined && this.bodyBytes < length) {
      return this.#abandon(`body ended after ${this.bodyBytes} of ${length} bytes`)
    }
    this.#state = 'done'
    this.#trailers = trailers
    if (this.#held === undefined) this.#stream.end()
    else this.#stream.end(this.#held)
    this.#held = undefined
    this.#owner.bodyWritten()
  }

  fail(error: ProxyError): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#owner.bodyFailed(error)
  }

  /** The stream is gone, or nobody wants this message any more. */
  cancel(reason: ProxyError): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#body.cancel(reason)
  }

  #drained(): void {
    if (this.#state === 'writing') this.#body.resume()
  }

  #sendTrailers(): void {
    if (!this.#stream.destroyed && !this.#stream.closed) this.#stream.sendTrailers(trailerObject(this.#trailers))
  }

  #abandon(detail: string): void {
    const error = new ProxyError('upstream.truncated', detail)
    this.fail(error)
    this.#body.cancel(error)
  }
}
