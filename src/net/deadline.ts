/**
 * A moment after which `expired` is called. Moving it is an assignment: the timer is left where it is when the new
 * moment is later, and looks again when it fires. A kept-alive connection moves its deadline twice per request.
 */
export class Deadline {
  readonly #expired: () => void
  #at = Infinity
  #timer: Timer | undefined
  #timerAt = Infinity

  constructor(expired: () => void) {
    this.#expired = expired
  }

  /** Milliseconds from now; 0 means no deadline. */
  set(milliseconds: number): void {
    if (milliseconds === 0) return this.clear()
    this.#at = performance.now() + milliseconds
    if (this.#timerAt <= this.#at) return
    clearTimeout(this.#timer)
    this.#arm(milliseconds)
  }

  clear(): void {
    this.#at = Infinity
  }

  /** Ends it for good, with its timer. */
  dispose(): void {
    this.#at = Infinity
    this.#timerAt = Infinity
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(milliseconds: number): void {
    this.#timerAt = performance.now() + milliseconds
    this.#timer = setTimeout(() => this.#look(), milliseconds)
  }

  #look(): void {
    this.#timerAt = Infinity
    this.#timer = undefined
    if (this.#at === Infinity) return
    const left = this.#at - performance.now()
    if (left > 0) return this.#arm(Math.ceil(left))
    this.#at = Infinity
    this.#expired()
  }
}
