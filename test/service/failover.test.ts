import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { textBody } from '../../src/http/body.ts'
import type { HttpRequest } from '../../src/http/message.ts'
import { failover } from '../../src/service/failover.ts'
import { problemsOf } from '../support/middleware.ts'
import { makeRequest, makeResponse, readText } from '../support/request.ts'
import { buildService, scopeOf, switchedService } from '../support/service.ts'

const names = { service: 'main', fallback: 'spare' }

describe('failover', () => {
  test('goes to the fallback while the main service is down, and back', async () => {
    const main = switchedService('main')
    const spare = switchedService('spare')
    const { handler, status } = buildService(failover, names, scopeOf({ main, spare }))
    const ask = async () => (await handler(makeRequest())).headers[1]
    expect(await ask()).toBe('main')
    main.status.isUp = false
    expect(await ask()).toBe('spare')
    main.status.isUp = true
    expect(await ask()).toBe('main')
    expect(status).toBeUndefined()
  })

  test('answers 503 when both are down, and is down then', async () => {
    const main = switchedService('main')
    const spare = switchedService('spare')
    const { handler, status } = buildService(failover, { ...names, healthCheck: {} }, scopeOf({ main, spare }))
    main.status.isUp = false
    expect(status?.isUp).toBe(true)
    spare.status.isUp = false
    const response = await handler(makeRequest())
    expect([response.status, await readText(response.body)]).toEqual([503, 'Service Unavailable'])
    expect(status?.isUp).toBe(false)
  })

  test('needs the health of the main service unless it goes by statuses', () => {
    const main = { ...switchedService('main'), status: undefined }
    const spare = switchedService('spare')
    expect(() => buildService(failover, names, scopeOf({ main, spare }))).toThrow('main of app@file has no healthCheck')
    const errors = { status: ['500-599'] }
    expect(buildService(failover, { ...names, errors }, scopeOf({ main, spare })).status).toBeUndefined()
  })
})

describe('failover with errors', () => {
  function build(errors: object, answer: (request: HttpRequest) => Promise<number>) {
    const bodies: string[] = []
    const echo = (name: string, status: (request: HttpRequest) => Promise<number>) => ({
      status: undefined,
      handler: async (request: HttpRequest) => {
        bodies.push(`${name}: ${await readText(request.body)}`)
        return makeResponse({ status: await status(request), headers: ['X-Server', name] })
      },
    })
    const services = { main: echo('main', answer), spare: echo('spare', () => Promise.resolve(200)) }
    const { handler } = buildService(failover, { ...names, errors }, scopeOf(services))
    return { handler, bodies }
  }

  test.each([
    [200, 'main', ['main: ping']],
    [499, 'main', ['main: ping']],
    [502, 'spare', ['main: ping', 'spare: ping']],
    [404, 'spare', ['main: ping', 'spare: ping']],
  ])('sends the request again after %p: answered by %s', async (status, server, bodies) => {
    const built = build({ status: ['404', '500-599'] }, () => Promise.resolve(status))
    const response = await built.handler(makeRequest({ method: 'POST', body: textBody('ping') }))
    expect(response.headers[1]).toBe(server)
    expect(built.bodies).toEqual(bodies)
  })

  test('tells nothing of the failure that the fallback has made good', async () => {
    const fail = ({ exchange }: HttpRequest) => {
      exchange.failure = new ProxyError('proxy.noServer', 'test')
      return Promise.resolve(503)
    }
    const request = makeRequest()
    await build({ status: ['503'] }, fail).handler(request)
    expect(request.exchange.failure).toBeUndefined()
  })

  test('takes a server that refuses for a 502', async () => {
    const refuse = () => Promise.reject(new ProxyError('upstream.refused', 'test'))
    const response = await build({ status: ['502'] }, refuse).handler(makeRequest())
    expect(response.headers[1]).toBe('spare')
    await expect(build({ status: ['504'] }, refuse).handler(makeRequest())).rejects.toThrow('test')
  })

  test('answers 413 to a body that it may not hold, announced or not', async () => {
    for (const length of [9, undefined]) {
      const pieces = [Buffer.from('12345'), Buffer.from('6789')]
      let cancelled = false
      const body = pullBody({
        length,
        read: () => Promise.resolve(pieces.shift()),
        cancel: () => void (cancelled = true),
      })
      const built = build({ status: ['500'], maxRequestBodyBytes: 8 }, () => Promise.resolve(500))
      const response = await built.handler(makeRequest({ method: 'POST', body }))
      expect([response.status, await readText(response.body)]).toEqual([413, 'Request body too large'])
      expect([built.bodies, cancelled]).toEqual([[], true])
    }
  })

  test.each([
    [{ ...names, errors: { status: ['600-500'] } }, 'errors.status[0]: is not a range of status codes: "600-500"'],
    [{ ...names, errors: { status: ['5xx'] } }, 'errors.status[0]: is not a range of status codes: "5xx"'],
    [{ ...names, errors: {} }, 'errors: is empty'],
    [{ service: 'main' }, 'fallback: is required'],
  ])('refuses %j with "%s"', (options, message) => {
    expect(problemsOf(failover, options).join('\n')).toContain(message)
  })
})
