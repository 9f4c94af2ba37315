import { describe, expect, test } from 'bun:test'
import { LatencyHistogram } from '../../../src/middleware/circuit-breaker/latency-histogram.ts'

function of(...latencies: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const latency of latencies) histogram.add(latency)
  return histogram
}

describe('LatencyHistogram', () => {
  test.each([0, 0.001, 0.255, 0.256, 0.9, 1, 12.34, 100, 999, 60_000, 3_599_999])('knows %p ms to 1 %%', (latency) => {
    const found = LatencyHistogram.quantileMs([of(latency)], 50)
    expect(Math.abs(found - latency)).toBeLessThanOrEqual(Math.max(0.001, latency * 0.01))
  })

  test('orders the latencies of several histograms together', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1)
    const histograms = [of(...hundred.slice(50)), of(...hundred.slice(0, 50)), of()]
    for (const percent of [1, 25, 50, 90, 99, 100]) {
      expect(Math.abs(LatencyHistogram.quantileMs(histograms, percent) - percent)).toBeLessThanOrEqual(percent * 0.01)
    }
  })

  test.each([
    ['nothing', of(), 0],
    ['a negative one', of(-5), 0],
    ['what is longer than an hour', of(1e9), 3_600_000],
  ])('with %s', (_, histogram, expected) => {
    expect(LatencyHistogram.quantileMs([histogram], 100) / (expected || 1)).toBeCloseTo(expected === 0 ? 0 : 1, 1)
  })

  test('is empty after clear', () => {
    const histogram = of(5, 6)
    histogram.clear()
    expect(LatencyHistogram.quantileMs([histogram], 50)).toBe(0)
  })
})
