const firstDelayMs = 100
const longestDelayMs = 10_000
/** Whoever has lived this long was fit to live: its end says nothing about the next one's chances. */
const settledMs = 10_000

/** How long to wait before a worker that has ended is replaced: doubled each time, unless one lasts. */
export class BackOff {
  #failures = 0

  next(livedMs: number): number {
    if (livedMs >= settledMs) this.#failures = 0
    const delayMs = Math.min(firstDelayMs * 2 ** this.#failures, longestDelayMs)
    this.#failures += 1
    return delayMs
  }
}
