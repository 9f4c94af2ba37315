import { describe, expect, test } from 'bun:test'
import { leasttime } from '../../../src/service/strategy/leasttime.ts'
import { candidatesOf } from './candidates.ts'

describe('leasttime', () => {
  test.each([
    ['the quicker', { a: [20, 0, 1], b: [10, 0, 1] }, 'b'],
    ['the slower when the quicker is busy', { a: [20, 0, 1], b: [10, 2, 1] }, 'a'],
    ['the heavier', { a: [20, 0, 4], b: [10, 0, 1] }, 'a'],
    ['who has not answered yet', { a: [10, 0, 1], b: [0, 0, 1] }, 'b'],
    ['nobody of weight 0', { a: [10, 0, 0], b: [50, 9, 1] }, 'b'],
  ] as [string, Record<string, [number, number, number]>, string][])('chooses %s', (_, facts, chosen) => {
    const candidates = Object.entries(facts).map(([name, [meanMs, inFlight, weight]]) => {
      return { name, weight, isUp: true, load: { meanMs, inFlight } }
    })
    const choose = leasttime.build(candidates)
    expect([choose(''), choose('')].map((candidate) => candidate?.name)).toEqual([chosen, chosen])
  })

  test('gives those that are equally quick their turns by weight', () => {
    const choose = leasttime.build(candidatesOf({ a: 3, b: 1 }))
    const turns = Array.from({ length: 8 }, () => choose('')?.name).join('')
    expect(turns).toMatch(/^(aaba|abaa|aaab|baaa){2}$/)
  })
})
