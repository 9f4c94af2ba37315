/** Of requests from one source: so many tokens a second, as many at once as the bucket holds. */
export interface Rate {
  readonly tokensPerSecond: number
  readonly burst: number
  /** A request that would have to wait longer for its token is refused. */
  readonly maxDelayMs: number
  /** A bucket that has not been asked for this long is forgotten, and so full again. */
  readonly timeToLiveMs: number
}

export interface RateTerms {
  readonly average: number
  readonly periodMs: number
  readonly burst: number
}

/** Traefik's arithmetic. Undefined for an average of 0, which is no limit. */
export function rateOf({ average, periodMs, burst }: RateTerms): Rate | undefined {
  if (average <= 0) return undefined
  // 0 is the default too.
  const tokensPerSecond = (average * 1000) / (periodMs === 0 ? 1000 : periodMs)
  const isSlow = tokensPerSecond < 1
  return {
    tokensPerSecond,
    burst: Math.max(1, burst),
    // Whole nanoseconds there: what is left of a division is dropped.
    maxDelayMs: isSlow ? 500 : Math.trunc(1e9 / (2 * Math.trunc(tokensPerSecond))) / 1e6,
    timeToLiveMs: isSlow ? (1 + Math.trunc(1 / tokensPerSecond)) * 1000 : 2000,
  }
}
