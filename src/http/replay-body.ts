import { ProxyError, toProxyError } from '../errors.ts'
import { bytesBody, type Body } from './body.ts'
import { pullBody } from './pull-body.ts'
import { RecordedBytes, type Cursor } from './recorded-bytes.ts'

/** One reading of a body, from its beginning. */
interface View {
  cursor: Cursor
  cancelled: ProxyError | undefined
}

/**
 * A body that can be sent more than once: what is read of it is remembered, up to a limit, while it flows. Each attempt
 * opens it anew; giving up an attempt's body is not giving up this one, whose bytes the next attempt may want. Whoever
 * knows that no attempt will follow must say so with `settle`.
 */
export class ReplayBody {
  readonly #body: Body
  readonly #limitBytes: number
  /** All of it, where it was in memory already: then there is nothing to remember. */
  readonly #whole: Uint8Array | undefined
  #recorded = new RecordedBytes()
  #receivedBytes = 0
  #isReplayable = true
  #end: 'open' | 'finished' | ProxyError = 'open'
  #reading: Promise<void> | undefined
  #view = newView()
  #isSettled = false

  constructor(body: Body, limitBytes: number) {
    this.#body = body
    this.#limitBytes = limitBytes
    this.#whole = this.exceedsLimit ? undefined : body.whole
  }

  /** False once bytes have passed that are not remembered. */
  get isReplayable(): boolean {
    return this.#isReplayable
  }

  /** True when the body is known to have more bytes than may be remembered. */
  get exceedsLimit(): boolean {
    return Math.max(this.#receivedBytes, this.#body.length ?? 0) > this.#limitBytes
  }

  /** The body from its beginning. What was opened before gets nothing more. */
  open(): Body {
    if (this.#whole !== undefined) return bytesBody(this.#whole)
    const view = newView()
    this.#view = view
    const body = this.#body
    return pullBody({
      length: body.length,
      read: () => this.#read(view),
      cancel: (reason) => this.#cancel(view, reason),
      trailers: () => body.trailers,
    })
  }

  /** No attempt follows the one that has the body now. */
  settle(): void {
    this.#isSettled = true
    if (this.#view.cancelled === undefined) return
    this.#recorded = new RecordedBytes()
    this.#body.cancel(this.#view.cancelled)
  }

  async #read(view: View): Promise<Uint8Array | undefined> {
    while (true) {
      if (view.cancelled !== undefined) throw view.cancelled
      if (view !== this.#view) throw new ProxyError('proxy.unexpected', 'the body belongs to another attempt by now')
      const piece = this.#recorded.read(view.cursor)
      if (piece !== undefined) return piece
      if (this.#isSettled || this.exceedsLimit) this.#forget(view)
      if (this.#end === 'finished') return undefined
      if (this.#end !== 'open') throw this.#end
      await (this.#reading ??= this.#readMore())
    }
  }

  /** One at a time, and its piece is kept even if the attempt that wanted it is over. Never rejects. */
  async #readMore(): Promise<void> {
    try {
      const piece = await this.#body.read()
      if (piece === undefined) this.#end = 'finished'
      else this.#remember(piece)
    } catch (thrown) {
      this.#end = toProxyError(thrown)
    }
    this.#reading = undefined
  }

  #remember(piece: Uint8Array): void {
    this.#recorded.append(piece)
    this.#receivedBytes += piece.length
  }

  /** Lets go of what has been read and will not be read again. */
  #forget(view: View): void {
    if (this.#recorded.length === 0) return
    this.#recorded = new RecordedBytes()
    view.cursor = { block: 0, offset: 0 }
    this.#isReplayable = false
  }

  #cancel(view: View, reason: ProxyError): void {
    if (view.cancelled !== undefined) return
    view.cancelled = reason
    if (this.#isSettled && view === this.#view) this.#body.cancel(reason)
  }
}

function newView(): View {
  return { cursor: { block: 0, offset: 0 }, cancelled: undefined }
}
