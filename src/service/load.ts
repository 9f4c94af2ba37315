import type { Load } from './strategy/define.ts'

/** As many answers as the mean is taken of. */
const mostSamples = 100

/** Counts one server's requests in flight and the time that its latest answers took to begin. */
export class ServerLoad implements Load {
  inFlight = 0
  readonly #samples: number[] = []
  #next = 0
  #sum = 0

  get meanMs(): number {
    return this.#samples.length === 0 ? 0 : this.#sum / this.#samples.length
  }

  answered(milliseconds: number): void {
    this.#sum += milliseconds - (this.#samples[this.#next] ?? 0)
    this.#samples[this.#next] = milliseconds
    this.#next = (this.#next + 1) % mostSamples
  }
}
