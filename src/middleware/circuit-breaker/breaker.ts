import type { Expression } from '../expression/vocabulary.ts'
import { ResponseMetrics } from './response-metrics.ts'

export interface BreakerTerms {
  readonly expression: Expression<ResponseMetrics>
  readonly checkPeriodMs: number
  readonly fallbackDurationMs: number
  readonly recoveryDurationMs: number
}

/**
 *     closed ──expression true──▶ open ──fallbackDuration──▶ recovering ──recoveryDuration──▶ closed
 *                                  ▲                              │
 *                                  └────────expression true───────┘
 */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'recovering'; readonly sinceMs: number; admitted: number; refused: number }

/** Times are those of the clock on the wall, `2026-01-31T12:00:00.000Z`. */
export interface BreakerDescription {
  readonly state: State['kind']
  readonly since: string
  /** From then on a request leads to the next state, unless the expression decides otherwise; none while closed. */
  readonly until?: string
}

export interface BreakerEvents {
  /** The breaker has opened or closed, or lets the first requests through. */
  changed(state: State['kind']): void
}

/** Decides which requests may pass, by what became of those before. `now` gives milliseconds and never goes back. */
export class CircuitBreaker {
  readonly #terms: BreakerTerms
  readonly #now: () => number
  readonly #metrics: ResponseMetrics
  readonly #events: BreakerEvents
  #state: State = { kind: 'closed' }
  /** When it was entered, by the clock on the wall. */
  #enteredMs = Date.now()
  #checkedUntilMs = -Infinity

  constructor(terms: BreakerTerms, events: BreakerEvents, now: () => number = () => performance.now()) {
    this.#terms = terms
    this.#events = events
    this.#now = now
    this.#metrics = new ResponseMetrics({ keepsLatencies: terms.expression.functions.has('LatencyAtQuantileMS'), now })
  }

  /** Whether a request may pass. What becomes of it must be told to `record`. */
  admits(): boolean {
    if (this.#state.kind === 'closed') return true
    const now = this.#now()
    if (this.#state.kind === 'open') {
      if (now < this.#state.untilMs) return false
      this.#enter({ kind: 'recovering', sinceMs: now, admitted: 0, refused: 0 })
    }
    if (this.#state.kind !== 'recovering') return true
    if (now - this.#state.sinceMs > this.#terms.recoveryDurationMs) {
      this.#enter({ kind: 'closed' })
      return true
    }
    return this.#releases(this.#state, now)
  }

  /** A response has come to its end, or none came and the client was told this status. */
  record(status: number, latencyMs: number): void {
    this.#metrics.record(status, latencyMs)
    const now = this.#now()
    if (now <= this.#checkedUntilMs) return
    this.#checkedUntilMs = now + this.#terms.checkPeriodMs
    if (this.#state.kind === 'open' || !this.#terms.expression.holds(this.#metrics)) return
    this.#metrics.clear()
    this.#enter({ kind: 'open', untilMs: now + this.#terms.fallbackDurationMs })
  }

  get now(): number {
    return this.#now()
  }

  describeState(): BreakerDescription {
    const { kind } = this.#state
    const since = timeText(this.#enteredMs)
    if (kind === 'closed') return { state: kind, since }
    const { fallbackDurationMs, recoveryDurationMs } = this.#terms
    const lastsMs = kind === 'open' ? fallbackDurationMs : recoveryDurationMs
    return { state: kind, since, until: timeText(this.#enteredMs + lastsMs) }
  }

  /**
   * The share let through grows in a line from 0 to a half: at a half as many pass as are refused, and from there on
   * the breaker may as well close (Traefik's rule).
   */
  #releases(state: Extract<State, { kind: 'recovering' }>, now: number): boolean {
    const target = (0.5 * (now - state.sinceMs)) / this.#terms.recoveryDurationMs
    const isReleased = (state.admitted + 1) / (state.admitted + state.refused + 1) < target
    if (isReleased) state.admitted += 1
    else state.refused += 1
    return isReleased
  }

  #enter(state: State): void {
    this.#state = state
    this.#enteredMs = Date.now()
    this.#events.changed(state.kind)
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
