import { describe, expect, test } from 'bun:test'
import { EarliestDeadline } from '../../../src/service/strategy/earliest-deadline.ts'

function candidatesOf(weights: Record<string, number>) {
  return Object.entries(weights).map(([name, weight]) => ({ name, weight, isUp: true }))
}

function turns(weights: Record<string, number>, count: number): string {
  const deadline = new EarliestDeadline(candidatesOf(weights))
  return Array.from({ length: count }, () => deadline.next()?.name ?? '-').join('')
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

  test('skips who is down and lets nobody catch up on turns missed', () => {
    const candidates = candidatesOf({ a: 1, b: 1, c: 1 })
    const deadline = new EarliestDeadline(candidates)
    const next = (count: number) => Array.from({ length: count }, () => deadline.next()?.name ?? '-').join('')
    expect(next(3)).toBe('abc')
    candidates[1]!.isUp = false
    expect(next(6)).toBe('acacac')
    candidates[1]!.isUp = true
    expect([...next(6)].sort().join('')).toBe('aabbcc')
    for (const candidate of candidates) candidate.isUp = false
    expect(next(2)).toBe('--')
    candidates[2]!.isUp = true
    expect(next(3)).toBe('ccc')
  })

  test('passes a heavy candidate that is down at once', () => {
    const candidates = candidatesOf({ heavy: 1_000_000_000, light: 1 })
    candidates[0]!.isUp = false
    const deadline = new EarliestDeadline(candidates)
    expect(deadline.next()?.name).toBe('light')
  })
})
