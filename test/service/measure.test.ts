import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody } from '../../src/http/body.ts'
import { ServerLoad } from '../../src/service/load.ts'
import { measured } from '../../src/service/measure.ts'
import { makeRequest, makeResponse, readText } from '../support/request.ts'

describe('a measured server', () => {
  test('has a request in flight until the last byte of its answer', async () => {
    const load = new ServerLoad()
    const response = await measured(load, () => Promise.resolve(makeResponse()))(makeRequest())
    expect(load.inFlight).toBe(1)
    await readText(response.body)
    expect(load.inFlight).toBe(0)
  })

  test.each([
    ['an answer without a body', () => Promise.resolve(makeResponse({ body: emptyBody }))],
    ['a failure', () => Promise.reject(new ProxyError('upstream.refused', 'test'))],
  ])('has none after %s', async (_, answer) => {
    const load = new ServerLoad()
    await measured(load, answer)(makeRequest()).catch(() => {})
    expect(load.inFlight).toBe(0)
  })

  test('has none after an answer that the client gave up', async () => {
    const load = new ServerLoad()
    const response = await measured(load, () => Promise.resolve(makeResponse()))(makeRequest())
    response.body.cancel(new ProxyError('client.reset', 'test'))
    expect(load.inFlight).toBe(0)
  })
})

describe('the load of a server', () => {
  test('takes the mean of its latest hundred answers', () => {
    const load = new ServerLoad()
    expect(load.meanMs).toBe(0)
    load.answered(10)
    load.answered(30)
    expect(load.meanMs).toBe(20)
    for (let answer = 0; answer < 100; answer++) load.answered(5)
    expect(load.meanMs).toBeCloseTo(5, 10)
  })
})
