import { describe, expect, test } from 'bun:test'
import { ProxyError, type ErrorCode } from '../../src/errors.ts'
import { emptyBody, textBody } from '../../src/http/body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../../src/http/message.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { noAvailableServer } from '../../src/http/reply.ts'
import { retry } from '../../src/middleware/retry.ts'
import { traced } from '../observe/traced-request.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { chunkedBody, makeRequest, makeResponse, readText, type RequestParts } from '../support/request.ts'

type Attempt = ErrorCode | HttpResponse | ((request: HttpRequest) => Promise<HttpResponse>)

/** Sends one request whose attempts end as told; the last one given goes on for ever. */
async function send(options: object, parts: RequestParts, ...attempts: Attempt[]) {
  let calls = 0
  const next: Handler = (request) => {
    const attempt = attempts[Math.min(calls++, attempts.length - 1)]!
    if (typeof attempt === 'string') return Promise.reject(new ProxyError(attempt, `attempt ${calls}`))
    return typeof attempt === 'function' ? attempt(request) : Promise.resolve(attempt)
  }
  const request = makeRequest(parts)
  const outcome = await buildMiddleware(retry, options)(next)(request).catch((error: ProxyError) => error)
  return { calls, outcome, request }
}

function answer(status: number): HttpResponse {
  return makeResponse({ status, body: textBody(String(status)) })
}

const three = { attempts: 3 }
const onServerErrors = { attempts: 3, status: ['500-599'] }
const post = { method: 'POST', body: textBody('sent') }

describe('retry', () => {
  test.each([
    ['connection refused', three, {}, ['upstream.refused'], 3],
    ['connection refused, POST', three, post, ['upstream.refused'], 3],
    ['name not found', three, {}, ['upstream.unresolved'], 3],
    ['dial timeout', three, {}, ['upstream.dialTimeout'], 3],
    ['a certificate that is not trusted', three, {}, ['upstream.certificate'], 3],
    ['accepted, then closed', three, {}, ['upstream.reset'], 1],
    ['no response in time', three, {}, ['upstream.responseTimeout'], 1],
    ['500', three, {}, [answer(500)], 1],
    ['503, GET, status', onServerErrors, {}, [answer(503)], 3],
    ['503, POST, status', onServerErrors, post, [answer(503)], 1],
    ['503, LOCK, status', onServerErrors, { method: 'LOCK' }, [answer(503)], 1],
    ['503, PATCH, status', onServerErrors, { method: 'PATCH' }, [answer(503)], 1],
    ['503, PUT, status', onServerErrors, { ...post, method: 'PUT' }, [answer(503)], 3],
    ['503, POST, non-idempotent too', { ...onServerErrors, retryNonIdempotentMethod: true }, post, [answer(503)], 3],
    ['404, status', onServerErrors, {}, [answer(404)], 1],
    ['503, of one code', { attempts: 2, status: '503' }, {}, [answer(503)], 2],
    ['no available server', three, {}, [noAvailableServer()], 1],
    ['no available server, status', { attempts: 3, status: ['503'] }, {}, [noAvailableServer()], 3],
    ['401', three, {}, [answer(401)], 1],
    ['refused, disabled, status', { ...onServerErrors, disableRetryOnNetworkError: true }, {}, ['upstream.refused'], 3],
    ['refused, disabled, POST', { ...onServerErrors, disableRetryOnNetworkError: true }, post, ['upstream.refused'], 1],
    ['refused, POST, status', onServerErrors, post, ['upstream.refused'], 3],
    ['reset, GET, status', onServerErrors, {}, ['upstream.reset'], 3],
    ['no response in time, status', onServerErrors, {}, ['upstream.responseTimeout'], 3],
    ['a fault of the client’s, status', { attempts: 3, status: ['400-599'] }, {}, ['client.malformed'], 1],
    ['attempts of 1', { attempts: 1 }, {}, ['upstream.refused'], 1],
  ] as [string, object, RequestParts, Attempt[], number][])(
    '%s (%j): in all %#',
    async (_, options, parts, attempts, all) => {
      const { calls } = await send(options, parts, ...attempts)
      expect(calls).toBe(all)
    },
  )

  test('gives what came of the last attempt', async () => {
    const refused = await send(three, {}, 'upstream.unresolved', 'upstream.unresolved', 'upstream.refused')
    expect(refused.outcome).toMatchObject({ code: 'upstream.refused', message: 'attempt 3' })
    const answered = await send(onServerErrors, {}, 'upstream.refused', answer(500), answer(503))
    expect(answered.outcome).toMatchObject({ status: 503 })
    expect(await readText((answered.outcome as HttpResponse).body)).toBe('503')
    const saved = await send(onServerErrors, {}, answer(500), answer(200), answer(500))
    expect([saved.calls, (saved.outcome as HttpResponse).status]).toEqual([2, 200])
  })

  test('sends the body again, whole', async () => {
    const seen: string[] = []
    const read = async (request: HttpRequest): Promise<HttpResponse> => {
      seen.push(await readText(request.body))
      return answer(seen.length < 3 ? 502 : 200)
    }
    const pieces = ['one ', 'two ', 'three']
    const body = pullBody({
      read: () => Promise.resolve(pieces.length === 0 ? undefined : Buffer.from(pieces.shift()!)),
      cancel: () => {},
    })
    const { outcome } = await send(onServerErrors, { method: 'PUT', body }, read)
    expect(seen).toEqual(Array(3).fill('one two three'))
    expect(outcome).toMatchObject({ status: 200 })
  })

  test('sends the body whole although a server that refused has cancelled it', async () => {
    let cancelled = 0
    const body = chunkedBody('sent', () => void (cancelled += 1))
    const refuse = (request: HttpRequest): Promise<HttpResponse> => {
      const error = new ProxyError('upstream.refused', 'no')
      request.body.cancel(error)
      return Promise.reject(error)
    }
    let text = ''
    const accept = async (request: HttpRequest): Promise<HttpResponse> => {
      text = await readText(request.body)
      return answer(200)
    }
    await send(three, { method: 'POST', body }, refuse, refuse, accept)
    expect([text, cancelled]).toEqual(['sent', 0])
  })

  test.each([
    [3, false, 1],
    [4, false, 3],
    [0, false, 1],
    [-1, false, 3],
    [3, true, 1],
    [4, true, 3],
    [-1, true, 3],
  ])('with a limit of %i bytes and 4 sent (chunked: %p) tries %i times', async (limit, isChunked, all) => {
    const body = isChunked ? chunkedBody('sent') : textBody('sent')
    const read = async (request: HttpRequest): Promise<HttpResponse> => {
      await readText(request.body)
      return answer(503)
    }
    const { calls } = await send({ ...onServerErrors, maxRequestBodyBytes: limit }, { method: 'PUT', body }, read)
    expect(calls).toBe(all)
  })

  test('tries again after a refusal however large the body is', async () => {
    const { calls } = await send({ ...three, maxRequestBodyBytes: 1 }, post, 'upstream.refused')
    expect(calls).toBe(3)
  })

  test('cancels the body of every answer that it drops', async () => {
    const cancelled: number[] = []
    const dropped = (status: number) => () => {
      const body = chunkedBody('', () => void cancelled.push(status))
      return Promise.resolve(makeResponse({ status, body }))
    }
    await send(onServerErrors, {}, dropped(500), dropped(501), dropped(502))
    expect(cancelled).toEqual([500, 501])
  })

  test('leaves an upgraded connection alone', async () => {
    const upgrade = { start: () => Promise.resolve(), refuse: () => {} }
    const { calls } = await send({ attempts: 3, status: ['100-199'] }, {}, makeResponse({ status: 101, upgrade }))
    expect(calls).toBe(1)
  })

  test('stops when the client has gone', async () => {
    const gone = new ProxyError('client.reset', 'gone')
    const leave = (request: HttpRequest): Promise<HttpResponse> => {
      request.exchange.cancel(gone)
      return Promise.reject(new ProxyError('upstream.refused', 'no'))
    }
    expect((await send(three, {}, leave)).calls).toBe(1)
    const request = makeRequest()
    let calls = 0
    const handler = buildMiddleware(retry, { attempts: 9, initialInterval: '1m' })(() => {
      calls += 1
      queueMicrotask(() => setTimeout(() => request.exchange.cancel(gone)))
      return Promise.reject(new ProxyError('upstream.refused', 'no'))
    })
    expect(await handler(request).catch((error) => error)).toBe(gone)
    expect(calls).toBe(1)
  })

  test('waits between attempts, and begins none after the time-out', async () => {
    const start = performance.now()
    const { calls } = await send({ attempts: 100, initialInterval: '10ms', timeout: '40ms' }, {}, 'upstream.refused')
    const took = performance.now() - start
    expect(took).toBeGreaterThanOrEqual(40)
    expect(calls).toBeGreaterThan(2)
    expect(calls).toBeLessThan(12)
  })

  test('tells the record of the last attempt alone', async () => {
    const fail = ({ exchange }: HttpRequest): Promise<HttpResponse> => {
      exchange.serverUrl = 'http://first'
      exchange.originStatus = 503
      return Promise.resolve(answer(503))
    }
    const { request } = await send(onServerErrors, {}, fail, 'upstream.refused', 'upstream.refused')
    expect(request.exchange).toMatchObject({ serverUrl: undefined, originStatus: undefined })
  })

  test('tries again although an error page stands for the refusal', async () => {
    let calls = 0
    const pages: Handler = (request) => {
      calls += 1
      if (calls === 3) return Promise.resolve(answer(200))
      request.exchange.failure = new ProxyError('upstream.refused', 'no')
      return Promise.resolve(answer(404))
    }
    const request = makeRequest()
    const response = await buildMiddleware(retry, three)(pages)(request)
    expect([calls, response.status, request.exchange.failure]).toEqual([3, 200, undefined])
  })

  test('keeps interim responses from the client until the last attempt', async () => {
    const sent: number[] = []
    const early = (attempt: number) => (request: HttpRequest) => {
      request.exchange.interim?.sendInterim(100 + attempt, [])
      return Promise.resolve(answer(503))
    }
    const request = makeRequest()
    request.exchange.interim = { sendInterim: (status) => void sent.push(status) }
    let attempt = 0
    await buildMiddleware(retry, onServerErrors)((given) => early(++attempt)(given))(request)
    expect(sent).toEqual([103])
    expect(request.exchange.interim).toBeDefined()
  })

  test.each([
    ['no status asks for another', three],
    ['its status is none to try again for', onServerErrors],
  ])('lets interim responses of an attempt pass when it is the answer: %s', async (_, options) => {
    const sent: number[] = []
    const request = makeRequest()
    request.exchange.interim = { sendInterim: (status) => void sent.push(status) }
    await buildMiddleware(
      retry,
      options,
    )((given) => {
      given.exchange.interim?.sendInterim(103, [])
      return Promise.resolve(answer(200))
    })(request)
    expect(sent).toEqual([103])
  })

  test('makes one span for each attempt', async () => {
    let calls = 0
    const handler = buildMiddleware(retry, three, { name: 'again@file' })(() => {
      if (++calls < 3) return Promise.reject(new ProxyError('upstream.refused', 'no'))
      return Promise.resolve(makeResponse({ body: emptyBody }))
    })
    const { collector } = await traced({ verbosity: 'detailed', handler })
    const spans = collector.spans.filter(({ name }) => name === 'Retry')
    expect(spans.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2])
    for (const { kind, attributes } of spans) {
      expect([kind, attributes['traefik.middleware.name']]).toEqual(['INTERNAL', 'again@file'])
    }
  })

  test.each([
    [{ status: '503' }, 'attempts: is required'],
    [{ attempts: 0 }, 'attempts: is out of range: 0'],
    [{ attempts: 2, status: ['5xx'] }, 'status[0]: is not a range of status codes: "5xx"'],
    [{ attempts: 2, disableRetryOnNetworkError: true }, 'names no status to retry on'],
    [{ attempts: 2, initialInterval: '-1s' }, 'initialInterval: is negative'],
  ])('refuses %j', (options, message) => {
    expect(problemsOf(retry, options).join('\n')).toContain(message)
  })
})
