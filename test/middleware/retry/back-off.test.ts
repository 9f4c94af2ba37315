import { describe, expect, test } from 'bun:test'
import { backOffMs } from '../../../src/middleware/retry/back-off.ts'

describe('backOffMs', () => {
  test.each([
    [100, 2, [100]],
    [100, 3, [100, 141.42]],
    [100, 5, [100, 118.92, 141.42, 168.18]],
    [50_000, 3, [50_000, 60_000]],
    [0, 5, [0, 0, 0]],
  ])('from %i ms over %i attempts grows %p', (initialIntervalMs, attempts, expected) => {
    const middle = expected.map((_, at) => backOffMs({ initialIntervalMs, attempts }, at + 1, () => 0.5))
    for (const [at, ms] of expected.entries()) expect(middle[at]).toBeCloseTo(ms, 1)
  })

  test.each([
    [0, 50],
    [0.25, 75],
    [0.999, 149.9],
  ])('is spread: chance %p gives %i ms', (chance, expected) => {
    expect(backOffMs({ initialIntervalMs: 100, attempts: 3 }, 1, () => chance)).toBeCloseTo(expected, 3)
  })
})
