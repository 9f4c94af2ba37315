import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody } from '../../src/http/body.ts'
import type { Handler, HttpResponse } from '../../src/http/message.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import type { Connection } from '../../src/net/connection.ts'
import { inFlightReq } from '../../src/middleware/in-flight-req.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { WireProxy } from '../support/proxy.ts'
import { makeRequest, makeResponse, readText } from '../support/request.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const reset = new ProxyError('client.reset', 'gone')

/** An instance whose next handler answers as told, and a question whether it has a place left. */
function limited(options: object, next: Handler) {
  let answer: Handler = next
  const handler = buildMiddleware(inFlightReq, options)((request) => answer(request))
  const hasPlace = async () => {
    const usual = answer
    answer = () => Promise.resolve(makeResponse({ body: emptyBody }))
    const { status } = await handler(makeRequest())
    answer = usual
    return status === 200
  }
  return { handler, hasPlace }
}

function answering(parts: Partial<HttpResponse> = {}): Handler {
  return () => Promise.resolve(makeResponse(parts))
}

describe('inFlightReq', () => {
  test('refuses what is over the limit with 429 and the limit', async () => {
    const { handler } = limited({ amount: 2 }, answering())
    await handler(makeRequest())
    await handler(makeRequest())
    const refused = await handler(makeRequest())
    expect(refused).toMatchObject({ status: 429, headers: [] })
    expect(await readText(refused.body)).toBe('max connections reached: 2')
  })

  test.each([[{ amount: 0 }], [{ sourceCriterion: { requestHost: true } }]])(
    'lets nobody pass with %j',
    async (options) => {
      const { hasPlace } = limited(options, answering())
      expect(await hasPlace()).toBe(false)
    },
  )

  test('counts each host for itself, in any case', async () => {
    const { handler } = limited({ amount: 1 }, answering())
    const statuses = []
    for (const host of ['a.test', 'b.test', 'A.test']) statuses.push((await handler(makeRequest({ host }))).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('counts by the criterion that it is given', async () => {
    const { handler } = limited({ amount: 1, sourceCriterion: { ipStrategy: {} } }, answering())
    const from = (address: string, host: string) => handler(makeRequest({ host, client: { address } }))
    const statuses = []
    for (const [address, host] of [
      ['::1', 'a'],
      ['::2', 'a'],
      ['::1', 'b'],
    ] as const) {
      statuses.push((await from(address, host)).status)
    }
    expect(statuses).toEqual([200, 200, 429])
  })

  test('keeps the place until the last byte has been read', async () => {
    const { handler, hasPlace } = limited({ amount: 1 }, answering())
    const response = await handler(makeRequest())
    expect(await hasPlace()).toBe(false)
    await response.body.read()
    expect(await hasPlace()).toBe(false)
    expect(await response.body.read()).toBeUndefined()
    expect(await hasPlace()).toBe(true)
  })

  test('frees the place at the end of a piped body', async () => {
    const { handler, hasPlace } = limited({ amount: 1 }, answering())
    const response = await handler(makeRequest())
    response.body.pipe({ write: () => true, end: () => {}, fail: () => {} })
    expect(await hasPlace()).toBe(true)
  })

  test('frees the place when the client goes away in the middle of the body', async () => {
    const { handler, hasPlace } = limited({ amount: 1 }, answering())
    const response = await handler(makeRequest())
    response.body.cancel(reset)
    response.body.cancel(reset)
    expect(await hasPlace()).toBe(true)
  })

  test('frees the place when the body breaks off', async () => {
    const broken = pullBody({ read: () => Promise.reject(reset), cancel: () => {} })
    const { handler, hasPlace } = limited({ amount: 1 }, answering({ body: broken }))
    const response = await handler(makeRequest())
    expect(response.body.read()).rejects.toBe(reset)
    await response.body.read().catch(() => {})
    expect(await hasPlace()).toBe(true)
  })

  test.each<[string, Handler]>([
    ['rejects', () => Promise.reject(reset)],
    [
      'throws',
      () => {
        throw reset
      },
    ],
  ])('frees the place when the next handler %s', async (_, next) => {
    const { handler, hasPlace } = limited({ amount: 1 }, next)
    expect(await handler(makeRequest()).catch((thrown) => thrown)).toBe(reset)
    expect(await hasPlace()).toBe(true)
  })

  test('keeps the place of a tunnel until it has ended', async () => {
    const tunnel = Promise.withResolvers<void>()
    const upgrade = { start: () => tunnel.promise, refuse: () => {} }
    const { handler, hasPlace } = limited({ amount: 1 }, answering({ status: 101, body: emptyBody, upgrade }))
    const response = await handler(makeRequest())
    const over = response.upgrade!.start({} as Connection, undefined)
    expect(await hasPlace()).toBe(false)
    tunnel.resolve()
    await over
    expect(await hasPlace()).toBe(true)
  })

  test('frees the place of a tunnel that is refused', async () => {
    let wasRefused = false
    const upgrade = { start: () => Promise.resolve(), refuse: () => void (wasRefused = true) }
    const { handler, hasPlace } = limited({ amount: 1 }, answering({ status: 101, body: emptyBody, upgrade }))
    const response = await handler(makeRequest())
    response.upgrade!.refuse()
    expect([wasRefused, await hasPlace()]).toEqual([true, true])
  })

  test('frees the place of a client that vanishes before its response is whole', async () => {
    await using server = new WireUpstream()
    const dynamic = JSON.stringify({
      http: {
        routers: { all: { rule: 'PathPrefix(`/`)', service: 'target', middlewares: ['one'] } },
        middlewares: { one: { inFlightReq: { amount: 1 } } },
        services: { target: { loadBalancer: { servers: [{ url: server.url }] } } },
      },
    })
    await using proxy = await WireProxy.start({ dynamic })
    const [first, second] = [await proxy.connect(), await proxy.connect()]
    const get = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
    first.send(get)
    const connection = await server.request()
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    await first.expect('half')
    second.send(get)
    expect(await second.take('max connections reached: 1')).toStartWith('HTTP/1.1 429 ')
    first.reset()
    await proxy.finished(2)
    second.send(get)
    const next = await server.request()
    next.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await second.take('ok')).toStartWith('HTTP/1.1 200 ')
  })

  test.each([
    [{ amount: -1 }, 'amount: is out of range: -1 (expected a whole number, at least 0)'],
    [
      { amount: 1, sourceCriterion: { requestHost: true, ipStrategy: true } },
      'sourceCriterion: has ipStrategy and requestHost (expected only one of them)',
    ],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf(inFlightReq, options)).toEqual([problem])
  })
})
