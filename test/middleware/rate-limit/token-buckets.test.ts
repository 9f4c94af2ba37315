import { describe, expect, test } from 'bun:test'
import { rateOf } from '../../../src/middleware/rate-limit/rate.ts'
import { maximumSources, TokenBuckets } from '../../../src/middleware/rate-limit/token-buckets.ts'

function bucketsOf(average: number, burst: number, periodMs = 1000): TokenBuckets {
  return new TokenBuckets(rateOf({ average, periodMs, burst })!)
}

/** Takes at these times, in milliseconds, for one source. */
function takes(buckets: TokenBuckets, times: readonly number[], source = 'a'): number[] {
  return times.map((at) => Math.round(buckets.take(source, at) * 1000) / 1000)
}

describe('a token bucket', () => {
  test('lets a burst pass, delays one request and refuses the rest', () => {
    // 10 a second: a token each 100 ms, longest delay 50 ms.
    expect(takes(bucketsOf(10, 3), [0, 0, 0, 0, 60, 60])).toEqual([0, 0, 0, 100, 40, 140])
  })

  test('takes no token for what it refuses', () => {
    expect(takes(bucketsOf(10, 1), [0, 10, 20, 30, 99, 100])).toEqual([0, 90, 80, 70, 1, 100])
  })

  test('holds no more than the burst, however long it waits', () => {
    const buckets = bucketsOf(10, 2)
    takes(buckets, [0])
    expect(takes(buckets, [1500, 1500, 1500])).toEqual([0, 0, 100])
  })

  test('lets the average pass in the long run', () => {
    const buckets = bucketsOf(100, 10)
    let passed = 0
    for (let ms = 0; ms < 10_000; ms++) if (buckets.take('a', ms) <= 5) passed += 1
    expect(passed).toBeGreaterThanOrEqual(1009)
    expect(passed).toBeLessThanOrEqual(1011)
  })

  test('is full again when its source has not been seen for the time to live', () => {
    expect(takes(bucketsOf(1, 5), [0, 0, 0, 0, 0, 1999, 1999])).toEqual([0, 0, 0, 0, 0, 0, 1])
    expect(takes(bucketsOf(1, 5), [0, 0, 0, 0, 0, 2000, 2000, 2000])).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(takes(bucketsOf(1, 3, 60_000), [0, 0, 0, 60_999, 121_998])).toEqual([0, 0, 0, 0, 0])
  })

  test('is one of its own for each source', () => {
    const buckets = bucketsOf(1, 1)
    expect(takes(buckets, [0, 0], 'a')).toEqual([0, 1000])
    expect(takes(buckets, [0, 0], 'b')).toEqual([0, 1000])
    expect(takes(buckets, [0, 0], '')).toEqual([0, 1000])
  })
})

describe('a million sources', () => {
  test('are not all remembered, those seen last are', () => {
    const buckets = bucketsOf(1, 1)
    const often = '10.0.0.1'
    let refused = 0
    for (let source = 0; source < 1_000_000; source++) {
      buckets.take(`source ${source}`, 0)
      // Seen again and again, it is never forgotten.
      if (source % 1000 === 0 && buckets.take(often, 0) > 0) refused += 1
    }
    expect(buckets.size).toBeLessThanOrEqual(maximumSources)
    expect(refused).toBe(999)
    expect(buckets.take('source 999999', 0)).toBeGreaterThan(0)
    expect(buckets.take('source 0', 0)).toBe(0)
  })

  test('cost no more memory for being long', () => {
    const buckets = bucketsOf(1, 1)
    const before = process.memoryUsage().heapUsed
    for (let source = 0; source < 5000; source++) buckets.take(`${source}${'x'.repeat(16_000)}`, 0)
    Bun.gc(true)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5000 * 2000)
    expect(buckets.take(`7${'x'.repeat(16_000)}`, 0)).toBeGreaterThan(0)
    expect(buckets.take(`7${'x'.repeat(15_999)}`, 0)).toBe(0)
  })
})
