/**
 * Runs something once a burst of changes is over: `quietMs` after the last one, and at the latest `maximumMs` after the
 * first. An editor that truncates a file and writes it again is not caught in between.
 */
export class Debounce {
  readonly #run: () => void
  readonly #quietMs: number
  readonly #maximumMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #firstAt = 0

  constructor(run: () => void, { quietMs, maximumMs }: { readonly quietMs: number; readonly maximumMs: number }) {
    this.#run = run
    this.#quietMs = quietMs
    this.#maximumMs = maximumMs
  }

  trigger(): void {
    const now = performance.now()
    if (this.#timer === undefined) this.#firstAt = now
    clearTimeout(this.#timer)
    const leftMs = this.#firstAt + this.#maximumMs - now
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.min(this.#quietMs, leftMs)))
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #fire(): void {
    this.#timer = undefined
    this.#run()
  }
}
