export interface BackOff {
  readonly initialIntervalMs: number
  /** All attempts, the first included. */
  readonly attempts: number
}

const longestMs = 60_000

/**
 * How long to wait before a retry, counted from 1. The interval grows from the initial one to about twice as much over
 * all attempts, and each is spread by a half either way, so that clients that failed together do not come back together.
 */
export function backOffMs({ initialIntervalMs, attempts }: BackOff, retry: number, random = Math.random): number {
  if (initialIntervalMs === 0) return 0
  const growth = 2 ** (1 / (attempts - 1))
  const intervalMs = Math.min(longestMs, initialIntervalMs * growth ** (retry - 1))
  return intervalMs * (0.5 + random())
}
