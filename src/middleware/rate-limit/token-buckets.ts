import type { Rate } from './rate.ts'
import { RecentKeys } from './recent-keys.ts'

/** However many sources there are, this many are remembered: those seen last. */
export const maximumSources = 65_536

const fewestBuckets = 256

/** A token bucket for each source, in this process. The buckets are numbers in two arrays: none is ever made or freed. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #tokensPerMs: number
  readonly #sources = new RecentKeys(maximumSources)
  /** Below 0 while requests wait for their tokens. */
  #tokens = new Float64Array(fewestBuckets)
  /** When the number of tokens was right, and the source was last seen. */
  #seenMs = new Float64Array(fewestBuckets)

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokensPerMs = rate.tokensPerSecond / 1000
  }

  /** How many sources are remembered. */
  get size(): number {
    return this.#sources.size
  }

  /**
   * Takes a token and tells how many milliseconds later it will be there: the request has to wait for it. More than
   * `maxDelayMs` means that no token was taken. `nowMs` must not go back.
   */
  take(source: string, nowMs: number): number {
    const known = this.#sources.find(source)
    const bucket = known < 0 ? this.#sources.add(source) : known
    const tokens = (known < 0 ? this.#rate.burst : this.#filled(bucket, nowMs)) - 1
    if (bucket >= this.#tokens.length) this.#grow()
    this.#seenMs[bucket] = nowMs
    this.#tokens[bucket] = tokens
    if (tokens >= 0) return 0
    const delayMs = -tokens / this.#tokensPerMs
    if (delayMs > this.#rate.maxDelayMs) this.#tokens[bucket] = tokens + 1
    return delayMs
  }

  #filled(bucket: number, nowMs: number): number {
    const { burst, timeToLiveMs } = this.#rate
    const elapsedMs = nowMs - this.#seenMs[bucket]!
    if (elapsedMs >= timeToLiveMs) return burst
    return Math.min(burst, this.#tokens[bucket]! + elapsedMs * this.#tokensPerMs)
  }

  #grow(): void {
    this.#tokens = doubled(this.#tokens)
    this.#seenMs = doubled(this.#seenMs)
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
