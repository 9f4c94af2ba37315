import type { Vocabulary } from '../expression/vocabulary.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { Rolling } from './rolling.ts'

const countSlots = 10
const countSlotMs = 1000
const latencySlots = 6
const latencySlotMs = 10_000

type Counts = Map<number, number>

/**
 * What a circuit breaker knows of the responses that it has seen: their statuses over the last 10 s. Latencies are kept
 * over the last 60 s (6 slots of 10 s), as Traefik's library does, and only where an expression asks for them.
 */
export class ResponseMetrics {
  readonly #counts = new Rolling<Counts>({
    slots: Array.from({ length: countSlots }, () => new Map<number, number>()),
    slotMs: countSlotMs,
    empty: (slot) => slot.clear(),
  })
  readonly #latencies: Rolling<LatencyHistogram> | undefined
  readonly #now: () => number

  constructor({ keepsLatencies, now }: { readonly keepsLatencies: boolean; readonly now: () => number }) {
    this.#now = now
    if (!keepsLatencies) return
    this.#latencies = new Rolling({
      slots: Array.from({ length: latencySlots }, () => new LatencyHistogram()),
      slotMs: latencySlotMs,
      empty: (slot) => slot.clear(),
    })
  }

  record(status: number, latencyMs: number): void {
    const now = this.#now()
    const counts = this.#counts.at(now)
    counts.set(status, (counts.get(status) ?? 0) + 1)
    this.#latencies?.at(now).add(latencyMs)
  }

  clear(): void {
    this.#counts.clear()
    this.#latencies?.clear()
  }

  /** Responses whose status is at least `from` and below `to`. */
  count(from: number, to: number): number {
    this.#counts.at(this.#now())
    let count = 0
    for (const slot of this.#counts.slots) {
      for (const [status, times] of slot) if (status >= from && status < to) count += times
    }
    return count
  }

  /** 0 where there is nothing to divide by. */
  ratio(part: number, whole: number): number {
    return whole === 0 ? 0 : part / whole
  }

  latencyAtQuantileMs(percent: number): number {
    this.#latencies?.at(this.#now())
    return LatencyHistogram.quantileMs(this.#latencies?.slots ?? [], percent)
  }
}

const everyStatus = [0, Infinity] as const

/** The functions of a circuit breaker's expression. */
export const responseVocabulary: Vocabulary<ResponseMetrics> = {
  NetworkErrorRatio: {
    takes: [],
    gives: 'float',
    bind: () => (seen) => seen.ratio(seen.count(502, 503) + seen.count(504, 505), seen.count(...everyStatus)),
  },
  ResponseCodeRatio: {
    takes: ['integer', 'integer', 'integer', 'integer'],
    gives: 'float',
    bind:
      ([from = 0, to = 0, wholeFrom = 0, wholeTo = 0]) =>
      (seen) =>
        seen.ratio(seen.count(from, to), seen.count(wholeFrom, wholeTo)),
  },
  LatencyAtQuantileMS: {
    takes: ['float'],
    gives: 'integer',
    bind:
      ([percent = 0]) =>
      (seen) =>
        Math.trunc(seen.latencyAtQuantileMs(percent)),
  },
  /** Requests in the window; its name says what it is for: `… && RequestThreshold() > 20`. */
  RequestThreshold: { takes: [], gives: 'integer', bind: () => (seen) => seen.count(...everyStatus) },
}
