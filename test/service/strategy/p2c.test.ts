import { describe, expect, test } from 'bun:test'
import { p2c } from '../../../src/service/strategy/p2c.ts'
import { candidatesOf } from './candidates.ts'

describe('p2c', () => {
  test('never chooses the busiest', () => {
    const candidates = candidatesOf({ a: 1, b: 1, c: 1 })
    candidates[1]!.load.inFlight = 5
    const choose = p2c.build(candidates)
    const names = new Set(Array.from({ length: 200 }, () => choose('10.0.0.1')?.name))
    expect(names).toEqual(new Set(['a', 'c']))
  })

  test('takes no notice of weights', () => {
    const choose = p2c.build(candidatesOf({ a: 0, b: 100 }))
    const names = new Set(Array.from({ length: 200 }, () => choose('10.0.0.1')?.name))
    expect(names).toEqual(new Set(['a', 'b']))
  })
})
