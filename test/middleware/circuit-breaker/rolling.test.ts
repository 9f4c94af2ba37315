import { describe, expect, test } from 'bun:test'
import { Rolling } from '../../../src/middleware/circuit-breaker/rolling.ts'

function counter() {
  const slots = [1, 2, 3].map(() => ({ count: 0 }))
  const rolling = new Rolling({ slots, slotMs: 1000, empty: (slot) => void (slot.count = 0) })
  return {
    add: (ms: number) => void (rolling.at(ms).count += 1),
    sum: (ms: number) => {
      rolling.at(ms)
      return slots.reduce((sum, { count }) => sum + count, 0)
    },
    clear: () => rolling.clear(),
  }
}

describe('Rolling', () => {
  test.each([
    [2999, 3],
    [3000, 2],
    [4000, 1],
    [4999, 1],
    [5000, 0],
    [1_000_000, 0],
  ])('after additions at 0, 1 and 2 s has at %i ms %i of them', (ms, expected) => {
    const rolling = counter()
    for (const at of [0, 1000, 2999]) rolling.add(at)
    expect(rolling.sum(ms)).toBe(expected)
  })

  test('counts on after a pause, and nothing after it is cleared', () => {
    const rolling = counter()
    rolling.add(500)
    rolling.add(50_500)
    rolling.add(50_600)
    expect(rolling.sum(50_700)).toBe(2)
    rolling.clear()
    expect(rolling.sum(50_800)).toBe(0)
  })
})
