import { describe, expect, test } from 'bun:test'
import { highestRandomWeight } from '../../src/service/highest-random-weight.ts'
import { makeRequest } from '../support/request.ts'
import { buildService, scopeOf, switchedService } from '../support/service.ts'
import { clientAddress } from './strategy/candidates.ts'

const services = ['one', 'two', 'three', 'four'].map((name) => ({ name }))
const clients = Array.from({ length: 2000 }, (_, at) => clientAddress(at))

describe('highestRandomWeight', () => {
  test('keeps each client with one service, and moves only those of one that is down', async () => {
    const built = Object.fromEntries(services.map(({ name }) => [name, switchedService(name)]))
    const { handler, status } = buildService(highestRandomWeight, { services, healthCheck: {} }, scopeOf(built))
    const ask = (address: string) => handler(makeRequest({ client: { address } })).then(({ headers }) => headers[1])
    const before = await Promise.all(clients.map(ask))
    expect(await Promise.all(clients.map(ask))).toEqual(before)
    built['two']!.status.isUp = false
    const after = await Promise.all(clients.map(ask))
    const moved = clients.filter((_, at) => before[at] !== after[at]).length
    expect(moved).toBe(before.filter((name) => name === 'two').length)
    expect(Math.abs(moved / clients.length - 1 / 4)).toBeLessThan(0.05)
    for (const service of Object.values(built)) service.status.isUp = false
    expect(status?.isUp).toBe(false)
  })
})
