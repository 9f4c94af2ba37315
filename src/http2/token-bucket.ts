/** So many at once, and then so many a second. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #filledAt = performance.now()

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
  }

  /** False: there is none left. The clock is read only then, since that is rare. */
  take(): boolean {
    if (this.#tokens < 1) this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #fill(): void {
    const now = performance.now()
    this.#tokens = Math.min(this.#burst, ((now - this.#filledAt) / 1000) * this.#perSecond)
    this.#filledAt = now
  }
}
