import type { ProxyError } from '../errors.ts'
import { noHeaders, type Headers } from './headers.ts'

/**
 * A message body that is taken, not thrown: nothing flows until it is asked for, so a slow reader slows the writer.
 * One consumer, one way: either `read` until it gives undefined, or `pipe` once. Whoever takes a message must bring
 * its body to an end with one of read, pipe or cancel.
 */
export interface Body {
  /** Number of bytes when the framing tells it, else undefined. */
  readonly length: number | undefined
  /** True while all of it is in memory and nobody has taken it; then it has a length, `whole` and `copyWhole`. */
  readonly isInMemory?: boolean
  readonly whole?: Uint8Array | undefined
  /** Copies `whole` into `target` from `at` on, without an object made for it; its length is `length`. */
  copyWhole?(target: Buffer, at: number): void
  /**
   * Takes all of it, with so many bytes in front of it to write a head to, in memory that is given with them. Undefined
   * where there is no such room; the body is then as it was.
   */
  takeBehind?(headBytes: number): Buffer | undefined
  /** The next piece, or undefined after the last. Rejects with a ProxyError when the body breaks off. */
  read(): Promise<Uint8Array | undefined>
  /** Hands every piece to `sink`, at once where bytes are already there. Piece by piece without a promise. */
  pipe(sink: BodySink): void
  /** Goes on after `sink.write` returned false. */
  resume(): void
  /** Nobody wants the rest. */
  cancel(reason: ProxyError): void
  /** Trailer fields; whole only after the end. */
  readonly trailers: Headers
}

export interface BodySink {
  /** False: keep the rest until `body.resume()`. The piece itself has been taken. */
  write(piece: Uint8Array): boolean
  /** As `write`, for a piece whose memory nobody else will look at: the sink may free it. Not every sink has a use for that. */
  writeOwned?(piece: Uint8Array): boolean
  end(trailers: Headers): void
  fail(error: ProxyError): void
}

export const emptyBody: Body = {
  length: 0,
  read: () => Promise.resolve(undefined),
  pipe: (sink) => sink.end(noHeaders),
  resume: () => {},
  cancel: () => {},
  trailers: noHeaders,
}

export function isEmptyBody(body: Body): boolean {
  return body.length === 0
}

/** A body of bytes that are in memory. */
export function bytesBody(bytes: Uint8Array): Body {
  return new WholeBody(bytes, 0, false)
}

/** A body of the bytes from `from` on, in memory that is given to it with all that is before them: nobody else needs it. */
export function ownedBody(bytes: Uint8Array, from = 0): Body {
  return new WholeBody(bytes, from, true)
}

/** Hands on a piece that the caller owns alone. */
export function giveTo(sink: BodySink, piece: Uint8Array): boolean {
  return sink.writeOwned === undefined ? sink.write(piece) : sink.writeOwned(piece)
}

class WholeBody implements Body {
  readonly length: number
  readonly trailers = noHeaders
  readonly #from: number
  #left: Uint8Array | undefined
  #isOwned: boolean

  constructor(bytes: Uint8Array, from: number, isOwned: boolean) {
    this.length = bytes.length - from
    this.#from = from
    this.#isOwned = isOwned
    this.#left = bytes
  }

  get isInMemory(): boolean {
    return this.#left !== undefined
  }

  get whole(): Uint8Array | undefined {
    // Whoever has had it may have kept it.
    this.#isOwned = false
    return this.#view()
  }

  copyWhole(target: Buffer, at: number): void {
    const left = this.#left
    if (Buffer.isBuffer(left)) left.copy(target, at, this.#from)
    else if (left !== undefined) target.set(left.subarray(this.#from), at)
  }

  takeBehind(headBytes: number): Buffer | undefined {
    const left = this.#left
    if (!this.#isOwned || headBytes > this.#from || !Buffer.isBuffer(left)) return undefined
    this.#left = undefined
    return left.subarray(this.#from - headBytes)
  }

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#take())
  }

  pipe(sink: BodySink): void {
    const isOwned = this.#isOwned
    const piece = this.#take()
    if (piece !== undefined && piece.length > 0) {
      if (isOwned) giveTo(sink, piece)
      else sink.write(piece)
    }
    sink.end(noHeaders)
  }

  resume(): void {}

  cancel(): void {
    this.#left = undefined
  }

  #view(): Uint8Array | undefined {
    return this.#from === 0 ? this.#left : this.#left?.subarray(this.#from)
  }

  #take(): Uint8Array | undefined {
    const piece = this.#view()
    this.#left = undefined
    return piece
  }
}

export function textBody(text: string): Body {
  return bytesBody(new TextEncoder().encode(text))
}
