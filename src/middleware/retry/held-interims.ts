import type { InterimSender } from '../../http/exchange.ts'
import type { Headers } from '../../http/headers.ts'

const mostHeld = 16

/** The interim responses of an attempt that may yet be thrown away; they are the client's when its answer is. */
export class HeldInterims implements InterimSender {
  readonly #held: (readonly [status: number, headers: Headers])[] = []

  sendInterim(status: number, headers: Headers): void {
    if (this.#held.length < mostHeld) this.#held.push([status, headers])
  }

  release(to: InterimSender | undefined): void {
    for (const [status, headers] of this.#held) to?.sendInterim(status, headers)
  }
}
