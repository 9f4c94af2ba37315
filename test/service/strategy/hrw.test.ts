import { describe, expect, test } from 'bun:test'
import { hrw } from '../../../src/service/strategy/hrw.ts'
import { candidatesOf, clientAddress } from './candidates.ts'

const clients = Array.from({ length: 10_000 }, (_, at) => clientAddress(at))

describe('hrw', () => {
  test('gives a client the same server every time, in every process', () => {
    const one = hrw.build(candidatesOf({ a: 1, b: 1, c: 1 }))
    const other = hrw.build(candidatesOf({ c: 1, a: 1, b: 1 }))
    for (const client of clients.slice(0, 500)) expect(other(client)?.name).toBe(one(client)?.name)
  })

  test('moves only the clients of a server that leaves: 1 of 5', () => {
    const candidates = candidatesOf({ a: 1, b: 1, c: 1, d: 1, e: 1 })
    const choose = hrw.build(candidates)
    const before = clients.map((client) => choose(client)?.name)
    candidates[2]!.isUp = false
    const after = clients.map((client) => choose(client)?.name)
    const moved = clients.filter((_, at) => before[at] !== after[at])
    expect(moved.every((client) => before[clients.indexOf(client)] === 'c')).toBe(true)
    expect(Math.abs(moved.length / clients.length - 1 / 5)).toBeLessThan(0.02)
  })
})
