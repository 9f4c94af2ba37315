import { RecentMap } from './recent-map.ts'
import type { Rate } from './rate.ts'

interface Bucket {
  /** Below 0 while requests wait for their tokens. */
  tokens: number
  /** When `tokens` was right, and the source was last seen. */
  atMs: number
}

/** However many sources there are, this many are remembered: those seen last. */
export const maximumSources = 65_536

/** A token bucket for each source, in this process. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #tokensPerMs: number
  readonly #buckets = new RecentMap<Bucket>(maximumSources)

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokensPerMs = rate.tokensPerSecond / 1000
  }

  get size(): number {
    return this.#buckets.size
  }

  /**
   * Takes a token and tells how many milliseconds later it will be there: the request has to wait for it. More than
   * `maxDelayMs` means that no token was taken. `nowMs` must not go back.
   */
  take(source: string, nowMs: number): number {
    const bucket = this.#bucket(source, nowMs)
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + (nowMs - bucket.atMs) * this.#tokensPerMs) - 1
    bucket.atMs = nowMs
    if (bucket.tokens >= 0) return 0
    const delayMs = -bucket.tokens / this.#tokensPerMs
    if (delayMs > this.#rate.maxDelayMs) bucket.tokens += 1
    return delayMs
  }

  #bucket(source: string, nowMs: number): Bucket {
    const known = this.#buckets.get(source)
    if (known !== undefined) {
      if (nowMs - known.atMs >= this.#rate.timeToLiveMs) known.tokens = this.#rate.burst
      return known
    }
    const bucket: Bucket = { tokens: this.#rate.burst, atMs: nowMs }
    this.#buckets.set(source, bucket)
    return bucket
  }
}
