import { describe, expect, test } from 'bun:test'
import { rateOf } from '../../../src/middleware/rate-limit/rate.ts'

describe('rateOf', () => {
  test.each([
    // average, period, burst → tokens a second, burst, longest delay, time to live
    [1, 1000, 1, 1, 1, 500, 2000],
    [100, 1000, 50, 100, 50, 5, 2000],
    [100, 0, 50, 100, 50, 5, 2000],
    [3, 1000, 1, 3, 1, 166.666666, 2000],
    [5, 2000, 1, 2.5, 1, 250, 2000],
    [6, 60_000, 0, 0.1, 1, 500, 11_000],
    [1, 60_000, -5, 1 / 60, 1, 500, 61_000],
    [1, 1500, 1, 1 / 1.5, 1, 500, 2000],
  ])('%i in %i ms, %i at once', (average, periodMs, burst, tokensPerSecond, size, maxDelayMs, timeToLiveMs) => {
    const rate = rateOf({ average, periodMs, burst })!
    expect(rate.tokensPerSecond).toBeCloseTo(tokensPerSecond, 10)
    expect(rate).toMatchObject({ burst: size, maxDelayMs, timeToLiveMs })
  })

  test('has no limit for an average of 0', () => {
    expect(rateOf({ average: 0, periodMs: 1000, burst: 1 })).toBeUndefined()
  })
})
