import { describe, expect, test } from 'bun:test'
import { headerValue } from '../../src/http/headers.ts'
import { weighted } from '../../src/service/weighted.ts'
import { problemsOf } from '../support/middleware.ts'
import { makeRequest } from '../support/request.ts'
import { buildService, scopeOf, switchedService } from '../support/service.ts'
import { shares } from './strategy/candidates.ts'

const services = [
  { name: 'one', weight: 3 },
  { name: 'two', weight: 1 },
]

function build(options: object) {
  const one = switchedService('one')
  const two = switchedService('two')
  const handle = buildService(weighted, { services, ...options }, scopeOf({ one, two }))
  const ask = async (headers: string[] = []) => (await handle.handler(makeRequest({ headers }))).headers
  return { one, two, handle, ask }
}

describe('weighted', () => {
  test('spreads requests over services by weight', async () => {
    const { ask } = build({})
    const names: string[] = []
    for (let turn = 0; turn < 400; turn++) names.push((await ask())[1]!)
    expect(shares(names)).toEqual({ one: 0.75, two: 0.25 })
  })

  test('ties clients to a service by a cookie made of the name as written', async () => {
    const { ask } = build({ sticky: { cookie: { name: 'w' } } })
    const cookie = headerValue(await ask(), 'set-cookie')!.split(';')[0]!
    const [first] = [(await ask(['Cookie', cookie]))[1]]
    for (let turn = 0; turn < 4; turn++) expect(await ask(['Cookie', cookie])).toEqual(['X-Server', first!])
  })

  test('leaves out a service that is down, and is down itself with the last', async () => {
    const { one, two, handle, ask } = build({ healthCheck: {} })
    one.status.isUp = false
    for (let turn = 0; turn < 4; turn++) expect((await ask())[1]).toBe('two')
    expect(handle.status?.isUp).toBe(true)
    two.status.isUp = false
    expect(handle.status?.isUp).toBe(false)
    expect((await handle.handler(makeRequest())).status).toBe(503)
  })

  test('takes no notice of a service without weight', async () => {
    const idle = [{ name: 'one', weight: 0 }, { name: 'two' }]
    const { two, handle, ask } = build({ services: idle, healthCheck: {}, sticky: { cookie: { name: 'w' } } })
    expect((await ask(['Cookie', 'w=one']))[1]).toBe('two')
    two.status.isUp = false
    expect(handle.status?.isUp).toBe(false)
  })

  test('goes by no health without healthCheck', async () => {
    const { one, handle, ask } = build({})
    one.status.isUp = false
    const names = new Set([(await ask())[1], (await ask())[1], (await ask())[1], (await ask())[1]])
    expect(names).toEqual(new Set(['one', 'two']))
    expect(handle.status).toBeUndefined()
  })

  test('refuses healthCheck over a service that has none', () => {
    const one = { ...switchedService('one'), status: undefined }
    const options = { services: [{ name: 'one' }], healthCheck: {} }
    expect(() => buildService(weighted, options, scopeOf({ one }))).toThrow(
      'child service one of app@file has no healthCheck',
    )
  })

  test.each([
    [{ services: [{ weight: 1 }] }, 'services[0].name: is required'],
    [{ services: [{ name: 'a', weight: 'x' }] }, 'services[0].weight: is not a whole number'],
    [{ services: [], strategy: 'wrr' }, 'strategy: unknown key'],
  ])('refuses %j with "%s"', (options, message) => {
    expect(problemsOf(weighted, options).join('\n')).toContain(message)
  })
})
