import { Deadline } from '../net/deadline.ts'

export interface LivenessOptions {
  /** Silence after which the peer is asked for a sign of life; 0: never (Go's ReadIdleTimeout). */
  readonly readIdleTimeoutMs: number
  /** How long it may take to give one; 0: for ever (Go's PingTimeout). */
  readonly pingTimeoutMs: number
  ping(): void
  /** It gave none. */
  dead(): void
}

/**
 * Tells a connection that is quiet from one whose peer is gone without a word: a lost route, a machine without power.
 * Anything that is heard counts, not the answer to the ping alone.
 */
export class Liveness {
  readonly #options: LivenessOptions
  readonly #silence = new Deadline(() => this.#ask())
  readonly #answer = new Deadline(() => this.#options.dead())

  constructor(options: LivenessOptions) {
    this.#options = options
    this.heard()
  }

  heard(): void {
    if (this.#options.readIdleTimeoutMs === 0) return
    this.#answer.clear()
    this.#silence.set(this.#options.readIdleTimeoutMs)
  }

  dispose(): void {
    this.#silence.dispose()
    this.#answer.dispose()
  }

  #ask(): void {
    this.#answer.set(this.#options.pingTimeoutMs)
    this.#options.ping()
  }
}
