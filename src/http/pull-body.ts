import { toProxyError, type ProxyError } from '../errors.ts'
import { giveTo, type Body, type BodySink } from './body.ts'
import { noHeaders, type Headers } from './headers.ts'

export interface Pull {
  readonly length?: number | undefined
  /** As `Body.read`. */
  read(): Promise<Uint8Array | undefined>
  cancel(reason: ProxyError): void
  trailers?(): Headers
  /** True: nobody else looks at a piece once it has been read. */
  readonly ownsPieces?: boolean
}

/** A Body made of a `read` function alone: what a middleware that changes a body, or a stream of the platform, has. */
export function pullBody(pull: Pull): Body {
  return new PullBody(pull)
}

class PullBody implements Body {
  readonly length: number | undefined
  readonly #pull: Pull
  #wake: (() => void) | undefined

  constructor(pull: Pull) {
    this.length = pull.length
    this.#pull = pull
  }

  get trailers(): Headers {
    return this.#pull.trailers?.() ?? noHeaders
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#pull.read()
  }

  cancel(reason: ProxyError): void {
    this.#pull.cancel(reason)
    this.resume()
  }

  resume(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  pipe(sink: BodySink): void {
    this.#pump(sink).catch((thrown) => sink.fail(toProxyError(thrown)))
  }

  async #pump(sink: BodySink): Promise<void> {
    while (true) {
      const piece = await this.#pull.read()
      if (piece === undefined) return sink.end(this.trailers)
      const mayGoOn = this.#pull.ownsPieces === true ? giveTo(sink, piece) : sink.write(piece)
      if (!mayGoOn) await new Promise<void>((wake) => (this.#wake = wake))
    }
  }
}
