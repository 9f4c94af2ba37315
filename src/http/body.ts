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
  /** All of it, where it is in memory already and nobody has taken it: whoever only measures it need not pass it on. */
  readonly whole?: Uint8Array | undefined
  /** Bytes directly before `whole` in its memory that nobody needs: whoever takes the body may write there. */
  readonly headroom?: number
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
export function bytesBody(bytes: Uint8Array, headroom = 0): Body {
  return new WholeBody(bytes, headroom)
}

class WholeBody implements Body {
  readonly length: number
  readonly headroom: number
  readonly trailers = noHeaders
  #left: Uint8Array | undefined

  constructor(bytes: Uint8Array, headroom: number) {
    this.length = bytes.length
    this.headroom = headroom
    this.#left = bytes
  }

  get whole(): Uint8Array | undefined {
    return this.#left
  }

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#take())
  }

  pipe(sink: BodySink): void {
    const piece = this.#take()
    if (piece !== undefined && piece.length > 0) sink.write(piece)
    sink.end(noHeaders)
  }

  resume(): void {}

  cancel(): void {
    this.#left = undefined
  }

  #take(): Uint8Array | undefined {
    const piece = this.#left
    this.#left = undefined
    return piece
  }
}

export function textBody(text: string): Body {
  return bytesBody(new TextEncoder().encode(text))
}
