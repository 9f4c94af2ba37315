import { ProxyError } from '../errors.ts'
import type { Body, BodySink } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'
import { pushFields } from './encode-fields.ts'
import type { MessageStream } from './message-stream.ts'

export interface StreamWriterOwner {
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
  /** The first piece waits until it is known whether it is the last: then one frame says both. */
  #held: { readonly piece: Uint8Array; readonly isOwned: boolean } | undefined

  constructor(stream: MessageStream, body: Body, owner: StreamWriterOwner) {
    this.#stream = stream
    this.#body = body
    this.#owner = owner
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
    if (held !== undefined && this.#send(held.piece, held.isOwned)) this.#body.resume()
  }

  write(piece: Uint8Array): boolean {
    return this.#take(piece, false)
  }

  writeOwned(piece: Uint8Array): boolean {
    return this.#take(piece, true)
  }

  #take(piece: Uint8Array, isOwned: boolean): boolean {
    if (this.#state === 'done') return true
    this.bodyBytes += piece.length
    const { length } = this.#body
    if (length !== undefined && this.bodyBytes > length) {
      this.#abandon(`body is longer than its Content-Length of ${length}`)
      return true
    }
    // An empty DATA frame says nothing, and peers count them as an attack.
    if (piece.length === 0) return true
    if (this.#state === 'writing') return this.#send(piece, isOwned)
    const held = this.#held
    this.#held = { piece, isOwned }
    if (held !== undefined) this.#send(held.piece, held.isOwned)
    return false
  }

  #send(piece: Uint8Array, isOwned: boolean, isLast = false): boolean {
    return isOwned ? this.#stream.writeOwned(piece, isLast) : this.#stream.write(piece, isLast)
  }

  end(trailers: Headers): void {
    if (this.#state === 'done') return
    const { length } = this.#body
    if (length !== undefined && this.bodyBytes < length) {
      return this.#abandon(`body ended after ${this.bodyBytes} of ${length} bytes`)
    }
    this.#state = 'done'
    const fields: string[] = []
    pushFields(fields, trailers)
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#send(held.piece, held.isOwned, fields.length === 0)
    if (held === undefined || fields.length > 0) this.#stream.finish(fields)
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

  /** The stream has sent what it was given. */
  drained(): void {
    if (this.#state === 'writing') this.#body.resume()
  }

  #abandon(detail: string): void {
    const error = new ProxyError('upstream.truncated', detail)
    this.fail(error)
    this.#body.cancel(error)
  }
}
