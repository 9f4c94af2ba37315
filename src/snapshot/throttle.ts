/** Hands on the first value at once, then at most one in each interval: the latest, the others are dropped. */
export class Throttle<T> {
  readonly #intervalMs: number
  readonly #take: (value: T) => void
  #pending: { readonly value: T } | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(intervalMs: number, take: (value: T) => void) {
    this.#intervalMs = intervalMs
    this.#take = take
  }

  put(value: T): void {
    if (this.#timer !== undefined) {
      this.#pending = { value }
      return
    }
    if (this.#intervalMs > 0) this.#timer = setTimeout(() => this.#intervalOver(), this.#intervalMs)
    this.#take(value)
  }

  /** A value that waits is dropped. */
  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending = undefined
  }

  #intervalOver(): void {
    const pending = this.#pending
    this.cancel()
    if (pending !== undefined) this.put(pending.value)
  }
}
