import { toProxyError, type ProxyError } from '../errors.ts'
import { giveTo, type Body, type BodySink } from './body.ts'
import type { Headers } from './headers.ts'

export interface BodyObserver {
  /** The last byte has passed, or nobody wants the rest. Called once. */
  ended(): void
  /** The body broke off; the error to tell in its place. `ended` is not called then. */
  failed(error: ProxyError): ProxyError
  /** A piece that is on its way, and may be freed when it has got there: whoever keeps something of it copies that. */
  passed?(piece: Uint8Array): void
  /** Nobody wants the rest; `ended` follows. */
  cancelled?(reason: ProxyError): void
}

/** The same body, with somebody told of it. Pieces pass untouched and without a promise. */
export class ObservedBody implements Body, BodySink {
  readonly #body: Body
  readonly #observer: BodyObserver
  /** How many have passed so far. */
  bytes = 0
  #isOver = false
  #sink: BodySink | undefined

  constructor(body: Body, observer: BodyObserver) {
    this.#body = body
    this.#observer = observer
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
      if (piece === undefined) this.#end()
      else this.#count(piece)
      return piece
    } catch (thrown) {
      throw this.#explain(toProxyError(thrown))
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
    if (!this.#isOver) this.#observer.cancelled?.(reason)
    this.#end()
    this.#body.cancel(reason)
  }

  write(piece: Uint8Array): boolean {
    this.#count(piece)
    return this.#sink!.write(piece)
  }

  writeOwned(piece: Uint8Array): boolean {
    this.#count(piece)
    return giveTo(this.#sink!, piece)
  }

  end(trailers: Headers): void {
    this.#end()
    this.#sink!.end(trailers)
  }

  fail(error: ProxyError): void {
    this.#sink!.fail(this.#explain(error))
  }

  #count(piece: Uint8Array): void {
    this.bytes += piece.length
    this.#observer.passed?.(piece)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#observer.ended()
  }

  #explain(error: ProxyError): ProxyError {
    if (this.#isOver) return error
    this.#isOver = true
    return this.#observer.failed(error)
  }
}
