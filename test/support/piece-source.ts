import { ProxyError } from '../../src/errors.ts'
import type { Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'

/** A body whose pieces the test gives one by one. */
export class PieceSource {
  readonly body: Body
  cancelled: ProxyError | undefined
  /** How many pieces have been asked for. */
  asked = 0
  readonly #pieces: (Uint8Array | undefined)[] = []
  #failure: ProxyError | undefined
  #reader: PromiseWithResolvers<Uint8Array | undefined> | undefined

  constructor(length?: number, trailers: readonly string[] = []) {
    this.body = pullBody({
      length,
      read: () => this.#read(),
      cancel: (reason) => {
        this.cancelled = reason
        this.#reader?.reject(reason)
      },
      trailers: () => trailers,
    })
  }

  give(text: string): void {
    this.#put(Buffer.from(text))
  }

  end(): void {
    this.#put(undefined)
  }

  fail(failure: ProxyError): void {
    this.#failure = failure
    this.#reader?.reject(failure)
  }

  #put(piece: Uint8Array | undefined): void {
    if (this.#reader === undefined) return void this.#pieces.push(piece)
    this.#reader.resolve(piece)
    this.#reader = undefined
  }

  #read(): Promise<Uint8Array | undefined> {
    this.asked += 1
    if (this.#pieces.length > 0) return Promise.resolve(this.#pieces.shift())
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }
}
