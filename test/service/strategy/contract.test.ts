import { describe, expect, test } from 'bun:test'
import { strategies } from '../../../src/service/strategy/registry.ts'
import { candidatesOf, clientAddress, shares } from './candidates.ts'

const picks = 100_000

describe.each(strategies.map((strategy) => [strategy.name, strategy] as const))('the strategy %s', (name, strategy) => {
  test('chooses nobody from an empty list, or where all are down', () => {
    expect(strategy.build([])('10.0.0.1')).toBeUndefined()
    const candidates = candidatesOf({ a: 1, b: 1 })
    const choose = strategy.build(candidates)
    for (const candidate of candidates) candidate.isUp = false
    expect(choose('10.0.0.1')).toBeUndefined()
  })

  test('chooses the only one', () => {
    expect(strategy.build(candidatesOf({ a: 1 }))('10.0.0.1')?.name).toBe('a')
  })

  test('never chooses who is down, and chooses him again when he is up', () => {
    const candidates = candidatesOf({ a: 1, b: 1, c: 1 })
    const choose = strategy.build(candidates)
    const some = () => Array.from({ length: 300 }, (_, at) => choose(clientAddress(at))?.name)
    candidates[0]!.isUp = false
    expect(new Set(some())).toEqual(new Set(['b', 'c']))
    candidates[0]!.isUp = true
    expect(new Set(some())).toEqual(new Set(['a', 'b', 'c']))
  })

  test(`spreads ${picks} requests by the weights to within 1 %`, () => {
    const weights = name === 'p2c' ? { a: 1, b: 1, c: 1, d: 1 } : { a: 4, b: 3, c: 2, d: 1 }
    const sum = Object.values(weights).reduce((left, right) => left + right)
    const choose = strategy.build(candidatesOf(weights))
    const found = shares(Array.from({ length: picks }, (_, at) => choose(clientAddress(at))?.name))
    for (const [candidate, weight] of Object.entries(weights)) {
      expect(Math.abs((found[candidate] ?? 0) - weight / sum)).toBeLessThan(0.01)
    }
  })
})
