import type { ProxyError } from '../errors.ts'
import type { Body, BodySink } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'

/** Takes a copy of what passes. */
export interface Copy {
  /** False: no more is wanted. */
  add(piece: Uint8Array): boolean
  /** The body has passed whole. */
  whole(): void
  /** It broke off, or was given up. */
  broken(): void
}

/** The same body, with a copy of it taken on the way. Whoever reads it notices nothing, whatever becomes of the copy. */
export class TeeBody implements Body, BodySink {
  readonly #body: Body
  #copy: Copy | undefined
  #bytes = 0
  #sink: BodySink | undefined

  constructor(body: Body, copy: Copy) {
    this.#body = body
    this.#copy = copy
  }

  get length(): number | undefined {
    return this.#body.length
  }

  get trailers(): Headers {
    return this.#body.trailers
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      const piece = await this.#body.read()
      if (piece === undefined) this.#finish()
      else this.#keep(piece)
      return piece
    } catch (thrown) {
      this.#break()
      throw thrown
    }
  }

  pipe(sink: BodySink): void {
    this.#sink = sink
    this.#body.pipe(this)
  }

  resume(): void {
    this.#body.resume()
  }

  cancel(reason: ProxyError): void {
    this.#break()
    this.#body.cancel(reason)
  }

  write(piece: Uint8Array): boolean {
    this.#keep(piece)
    return this.#sink!.write(piece)
  }

  end(trailers: Headers): void {
    this.#finish()
    this.#sink!.end(trailers)
  }

  fail(error: ProxyError): void {
    this.#break()
    this.#sink!.fail(error)
  }

  #keep(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (this.#copy?.add(piece) === false) this.#break()
    // Who knows the length may not ask for the end after the last piece, but give the body up when the answer is there.
    else if (this.#bytes === this.#body.length) this.#finish()
  }

  #finish(): void {
    this.#copy?.whole()
    this.#copy = undefined
  }

  #break(): void {
    this.#copy?.broken()
    this.#copy = undefined
  }
}
