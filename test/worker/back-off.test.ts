import { describe, expect, test } from 'bun:test'
import { BackOff } from '../../src/worker/back-off.ts'

describe('the back-off', () => {
  test('doubles from 100 ms to 10 s', () => {
    const backOff = new BackOff()
    const delays = Array.from({ length: 9 }, () => backOff.next(5))
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  test('begins again after a worker that has lived for 10 s', () => {
    const backOff = new BackOff()
    const delays = [20, 9999, 10_000, 3].map((livedMs) => backOff.next(livedMs))
    expect(delays).toEqual([100, 200, 100, 200])
  })
})
