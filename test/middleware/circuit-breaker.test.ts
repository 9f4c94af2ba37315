import { describe, expect, test } from 'bun:test'
import { ProxyError, type ErrorCode } from '../../src/errors.ts'
import { emptyBody, textBody } from '../../src/http/body.ts'
import type { Handler } from '../../src/http/message.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { CircuitBreaker } from '../../src/middleware/circuit-breaker/breaker.ts'
import { circuitBreaker } from '../../src/middleware/circuit-breaker.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, makeResponse, readText } from '../support/request.ts'

/** The middleware with the breaker that it keeps. */
function guarded(options: object, next: Handler) {
  let breaker: CircuitBreaker | undefined
  const keep = <T extends object>(_: string, make: () => T): T => {
    const made = make()
    if (made instanceof CircuitBreaker) breaker = made
    return made
  }
  const handler = buildMiddleware(circuitBreaker, options, { keep })(next)
  return { handler, state: () => breaker!.describeState().state }
}

function failing(code: ErrorCode): Handler {
  return () => Promise.reject(new ProxyError(code, 'down'))
}

const networkErrors = { expression: 'NetworkErrorRatio() > 0.5' }

describe('circuitBreaker', () => {
  test('answers with its own code and the code’s text once it is open', async () => {
    let calls = 0
    const { handler, state } = guarded({ ...networkErrors, responseCode: 429 }, () => {
      calls += 1
      return Promise.resolve(makeResponse({ status: 502, body: emptyBody }))
    })
    expect((await handler(makeRequest())).status).toBe(502)
    expect(state()).toBe('open')
    const response = await handler(makeRequest())
    expect([response.status, response.headers, await readText(response.body)]).toEqual([429, [], 'Too Many Requests'])
    expect(calls).toBe(1)
  })

  test.each([
    ['upstream.refused', 'open'],
    ['upstream.responseTimeout', 'open'],
    ['upstream.certificate', 'closed'],
    ['client.reset', 'closed'],
  ] as const)('takes %s for what its status says, and hands it on: %s', async (code, expected) => {
    const { handler, state } = guarded(networkErrors, failing(code))
    const failure = await handler(makeRequest()).catch((error: ProxyError) => error.code)
    expect(failure).toBe(code)
    expect(state()).toBe(expected)
  })

  test('counts a response at its last byte', async () => {
    const answer = () => Promise.resolve(makeResponse({ status: 504, body: textBody('late') }))
    const { handler, state } = guarded(networkErrors, answer)
    const response = await handler(makeRequest())
    expect(state()).toBe('closed')
    expect(await readText(response.body)).toBe('late')
    expect(state()).toBe('open')
  })

  test.each([
    ['upstream.truncated', 'open'],
    ['client.reset', 'closed'],
  ] as const)('takes a body that broke off by %s for a network error: %s', async (code, expected) => {
    const broken = pullBody({ read: () => Promise.reject(new ProxyError(code, 'gone')), cancel: () => {} })
    const { handler, state } = guarded(networkErrors, () => Promise.resolve(makeResponse({ body: broken })))
    const response = await handler(makeRequest())
    await readText(response.body).catch(() => {})
    expect(state()).toBe(expected)
  })

  test('counts what the client did not want to the end', async () => {
    const answer = () => Promise.resolve(makeResponse({ status: 502, body: textBody('long') }))
    const { handler, state } = guarded(networkErrors, answer)
    const response = await handler(makeRequest())
    response.body.cancel(new ProxyError('client.reset', 'gone'))
    expect(state()).toBe('open')
  })

  test('answers 503 for 10 s unless told otherwise', async () => {
    const { handler } = guarded(networkErrors, failing('upstream.refused'))
    await handler(makeRequest()).catch(() => {})
    const response = await handler(makeRequest())
    expect([response.status, await readText(response.body)]).toEqual([503, 'Service Unavailable'])
  })

  test.each([
    [{}, 'is empty'],
    [{ checkPeriod: '1s' }, 'expression: is required'],
    [{ expression: '' }, 'expression: is empty'],
    [{ expression: 'NetworkErrorRatio() > 1' }, 'expected a number with a decimal point such as 50.0'],
    [{ expression: 'LatencyAtQuantileMS(50) > 100' }, 'expected a number with a decimal point such as 50.0'],
    [{ expression: 'Attempts() > 1' }, 'unknown function Attempts'],
    [{ ...networkErrors, responseCode: 42 }, 'responseCode: is out of range: 42'],
    [{ ...networkErrors, fallbackDuration: '-1s' }, 'fallbackDuration: is negative'],
  ])('refuses %j', (options, message) => {
    expect(problemsOf(circuitBreaker, options).join('\n')).toContain(message)
  })
})
