import { describe, expect, test } from 'bun:test'
import { FailureWindow } from '../../../src/service/health/failure-window.ts'

describe('FailureWindow', () => {
  test.each([
    ['at once with one allowed', 1, [0], [true]],
    ['with the third of three', 3, [0, 10, 20], [false, false, true]],
    ['only within the window', 3, [0, 500, 1100, 1200], [false, false, false, true]],
    ['again while failures go on', 2, [0, 1, 2], [false, true, true]],
  ] as const)('is full %s', (_, maxFailedAttempts, moments, expected) => {
    const window = new FailureWindow({ failureWindow: 1000, maxFailedAttempts })
    expect(moments.map((moment) => window.add(moment))).toEqual([...expected])
  })

  test('begins anew after a success', () => {
    const window = new FailureWindow({ failureWindow: 1000, maxFailedAttempts: 2 })
    window.add(0)
    window.clear()
    expect(window.add(1)).toBe(false)
  })
})
