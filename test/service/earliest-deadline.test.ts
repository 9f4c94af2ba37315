import { describe, expect, test } from 'bun:test'
import { EarliestDeadline } from '../../src/service/earliest-deadline.ts'

function turns(weights: Record<string, number>, count: number): string {
  const targets = Object.entries(weights).map(([target, weight]) => ({ target, weight }))
  const deadline = new EarliestDeadline(targets)
  return Array.from({ length: count }, () => deadline.next() ?? '-').join('')
}

describe('EarliestDeadline', () => {
  test.each([
    [{ a: 1, b: 1 }, 'ababab'],
    [{ a: 1, b: 1, c: 1 }, 'abcabc'],
    [{ a: 3, b: 1 }, 'aaba'],
    [{ a: 2, b: 1 }, 'abaaba'],
    [{ a: 1 }, 'aaa'],
    [{ a: 0, b: 1 }, 'bbb'],
    [{ a: -1, b: 0 }, '---'],
    [{}, '--'],
  ] as [Record<string, number>, string][])('gives %j the turns %s', (weights, expected) => {
    expect(turns(weights, expected.length)).toBe(expected)
  })

  test('keeps to the weights exactly over many turns', () => {
    const weights = { a: 5, b: 3, c: 2 }
    const all = turns(weights, 100_000)
    const shares = ['a', 'b', 'c'].map((name) => all.split(name).length - 1)
    expect(shares.map((share) => Math.round(share / 1000))).toEqual([50, 30, 20])
  })
})
