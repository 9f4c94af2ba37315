import { ProxyError } from '../errors.ts'
import { giveTo, type Body, type BodySink } from '../http/body.ts'
import { noHeaders, type Headers } from '../http/headers.ts'

/** The connection that a body comes from. */
export interface BodySource {
  /** The body's consumer wants no more for now. */
  holdBody(): void
  /** The consumer wants more; also called once when it first asks. */
  wantBody(): void
  /** The consumer has given the body up before its end. */
  dropBody(reason: ProxyError): void
}

/** Bytes that may wait for a consumer before the peer is held. */
const waitingLimitBytes = 64 * 1024

type Consumer =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'reader'
      readonly resolve: (piece: Uint8Array | undefined) => void
      readonly reject: (error: ProxyError) => void
    }
  | { readonly kind: 'sink'; readonly sink: BodySink }

const noConsumer: Consumer = { kind: 'none' }

/**
 * A body that arrives on a connection: the connection's receiver puts pieces in with `push`, `finish` and `fail`, the
 * consumer takes them out. What waits in between is bounded by holding the peer.
 */
export class IncomingBody implements Body {
  readonly length: number | undefined
  #source: BodySource
  /** True: each piece has its memory for itself, and nobody else keeps it. */
  readonly #ownsPieces: boolean
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #consumer: Consumer = noConsumer
  #end: 'open' | 'finished' | ProxyError = 'open'
  #wanted = false
  #held = false
  #trailers: Headers = noHeaders

  constructor(length: number | undefined, source: BodySource, { ownsPieces = false } = {}) {
    this.length = length
    this.#ownsPieces = ownsPieces
    this.#source = source
  }

  get trailers(): Headers {
    return this.#trailers
  }

  /** True when the last byte has come, whether or not it has been taken. */
  get isWhole(): boolean {
    return this.#end === 'finished'
  }

  push(piece: Uint8Array): void {
    if (this.#end !== 'open') return
    const consumer = this.#consumer
    if (consumer.kind === 'sink') {
      if (!this.#hand(piece, consumer.sink)) this.#hold()
      return
    }
    if (consumer.kind === 'reader') {
      this.#consumer = noConsumer
      return consumer.resolve(piece)
    }
    this.#waiting.push(piece)
    this.#waitingBytes += piece.length
    if (this.#waitingBytes >= waitingLimitBytes) this.#hold()
  }

  finish(trailers: Headers): void {
    if (this.#end !== 'open') return
    this.#end = 'finished'
    this.#trailers = trailers
    const consumer = this.#consumer
    this.#consumer = noConsumer
    if (consumer.kind === 'sink') consumer.sink.end(trailers)
    if (consumer.kind === 'reader') consumer.resolve(undefined)
  }

  fail(error: ProxyError): void {
    if (this.#end !== 'open') return
    this.#end = error
    const consumer = this.#consumer
    this.#consumer = noConsumer
    if (consumer.kind === 'sink') consumer.sink.fail(error)
    if (consumer.kind === 'reader') consumer.reject(error)
  }

  read(): Promise<Uint8Array | undefined> {
    const piece = this.#waiting.shift()
    if (piece !== undefined) {
      this.#waitingBytes -= piece.length
      if (this.#waitingBytes === 0) this.#want()
      return Promise.resolve(piece)
    }
    if (this.#end === 'finished') return Promise.resolve(undefined)
    if (this.#end !== 'open') return Promise.reject(this.#end)
    const next = new Promise<Uint8Array | undefined>((resolve, reject) => {
      this.#consumer = { kind: 'reader', resolve, reject }
    })
    this.#want()
    return next
  }

  pipe(sink: BodySink): void {
    let mayGoOn = true
    for (const piece of this.#waiting) mayGoOn = this.#hand(piece, sink)
    this.#waiting = []
    this.#waitingBytes = 0
    if (this.#end === 'finished') return sink.end(this.#trailers)
    if (this.#end !== 'open') return sink.fail(this.#end)
    this.#consumer = { kind: 'sink', sink }
    if (mayGoOn) this.#want()
    else this.#hold()
  }

  resume(): void {
    if (this.#end === 'open') this.#want()
  }

  cancel(reason: ProxyError): void {
    this.#waiting = []
    this.#waitingBytes = 0
    const wasOpen = this.#end === 'open'
    this.fail(reason)
    if (wasOpen) this.#source.dropBody(reason)
  }

  #hand(piece: Uint8Array, sink: BodySink): boolean {
    return this.#ownsPieces ? giveTo(sink, piece) : sink.write(piece)
  }

  #want(): void {
    if (this.#wanted && !this.#held) return
    this.#wanted = true
    this.#held = false
    this.#source.wantBody()
  }

  #hold(): void {
    if (this.#held) return
    this.#held = true
    this.#source.holdBody()
  }
}
