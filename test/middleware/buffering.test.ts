import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody, textBody, type Body } from '../../src/http/body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../../src/http/message.ts'
import { buffering } from '../../src/middleware/buffering.ts'
import { unnamedFiles } from './buffering/unnamed-files.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { chunkedBody, makeRequest, makeResponse, readText } from '../support/request.ts'

function chunked(text: string): Body & { wasCancelled(): boolean } {
  let isCancelled = false
  const body = chunkedBody(text, () => void (isCancelled = true))
  return Object.assign(body, { wasCancelled: () => isCancelled })
}

function code(outcome: Promise<HttpResponse>): Promise<string | number> {
  return outcome.then(
    ({ status }) => status,
    (error: ProxyError) => error.code,
  )
}

function posted(): HttpRequest {
  return makeRequest({ method: 'POST', body: chunked('0123456789') })
}

const echo: Handler = async (request) => makeResponse({ body: chunked(await readText(request.body)) })

describe('buffering', () => {
  test('gives both bodies a length', async () => {
    let length: number | undefined
    const handler = buildMiddleware(buffering, { memRequestBodyBytes: 4 })((request) => {
      length = request.body.length
      return echo(request)
    })
    const response = await handler(makeRequest({ method: 'POST', body: chunked('0123456789') }))
    expect([length, response.body.length]).toEqual([10, 10])
    expect(await readText(response.body)).toBe('0123456789')
  })

  test.each([
    ['a length that is too large', textBody('01234'), 'client.bodyTooLarge'],
    ['too many bytes', chunked('01234'), 'client.bodyTooLarge'],
    ['just as many bytes as are allowed', chunked('0123'), 200],
    ['no body', emptyBody, 200],
  ])('judges a request of %s', async (_, body, expected) => {
    const handler = buildMiddleware(buffering, { maxRequestBodyBytes: 4 })(echo)
    expect(await code(handler(makeRequest({ method: 'POST', body })))).toBe(expected)
  })

  test.each([
    ['a length that is too large', textBody('01234'), 'upstream.tooLarge'],
    ['too many bytes', chunked('01234'), 'upstream.tooLarge'],
    ['just as many bytes as are allowed', textBody('0123'), 200],
    ['no body', emptyBody, 200],
  ])('judges a response of %s', async (_, body, expected) => {
    const handler = buildMiddleware(buffering, { maxResponseBodyBytes: 4 })(() =>
      Promise.resolve(makeResponse({ body })),
    )
    expect(await code(handler(makeRequest()))).toBe(expected)
  })

  test('leaves no file open, whether its answer is read or not', async () => {
    const limits = { memRequestBodyBytes: 2, memResponseBodyBytes: 2 }
    const handler = buildMiddleware(buffering, limits)(echo)
    const [read, dropped] = [await handler(posted()), await handler(posted())]
    expect(await unnamedFiles(process.pid)).toHaveLength(2)
    await readText(read.body)
    dropped.body.cancel(new ProxyError('client.reset', 'gone'))
    const deadline = performance.now() + 2000
    while ((await unnamedFiles(process.pid)).length > 0 && performance.now() < deadline) await Bun.sleep(1)
    expect(await unnamedFiles(process.pid)).toEqual([])
  })

  test('gives up what is too large', async () => {
    const [sent, given] = [chunked('01234'), chunked('01234')]
    const limits = { maxRequestBodyBytes: 4, maxResponseBodyBytes: 4 }
    const handler = buildMiddleware(buffering, limits)(() => Promise.resolve(makeResponse({ body: given })))
    await handler(makeRequest({ body: sent })).catch(() => {})
    await handler(makeRequest()).catch(() => {})
    expect([sent.wasCancelled(), given.wasCancelled()]).toEqual([true, true])
  })

  test('lets an upgraded connection pass as it is', async () => {
    const upgrade = { start: () => Promise.resolve(), refuse: () => {} }
    const answer = makeResponse({ status: 101, upgrade, body: emptyBody })
    const handler = buildMiddleware(buffering, { maxResponseBodyBytes: 1 })(() => Promise.resolve(answer))
    expect(await handler(makeRequest())).toBe(answer)
  })

  test('hands on an answer that has a length but no body', async () => {
    const answer = makeResponse({ body: emptyBody, announcedLength: 5 })
    const handler = buildMiddleware(buffering, { maxResponseBodyBytes: 1 })(() => Promise.resolve(answer))
    expect(await handler(makeRequest({ method: 'HEAD' }))).toBe(answer)
  })

  test.each([
    ['IsNetworkError() && Attempts() < 3', 'upstream.refused', 3],
    ['IsNetworkError() && Attempts() < 3', 504, 3],
    ['IsNetworkError()', 500, 1],
    ['ResponseCode() >= 500 && ResponseCode() < 503', 502, 11],
    ['IsNetworkError()', 'upstream.reset', 11],
    ['RequestMethod() == "PUT" && Attempts() <= 1', 200, 2],
    ['RequestMethod() == "GET"', 502, 1],
    ['RequestMethod() != "GET" && Attempts() < 2', 404, 2],
  ] as const)('retries by %s after %p: %i in all', async (retryExpression, result, all) => {
    const seen: string[] = []
    const handler = buildMiddleware(buffering, { retryExpression, memRequestBodyBytes: 2 })(async (request) => {
      seen.push(await readText(request.body))
      if (typeof result === 'string') throw new ProxyError(result, 'down')
      return makeResponse({ status: result })
    })
    const body = chunked('all of it')
    expect(await code(handler(makeRequest({ method: 'PUT', body })))).toBe(result)
    expect(seen).toEqual(Array(all).fill('all of it'))
  })

  test('does not try again for a client that has gone', async () => {
    let calls = 0
    const leave = ({ exchange }: HttpRequest): Promise<HttpResponse> => {
      calls += 1
      exchange.cancel(new ProxyError('client.reset', 'gone'))
      return Promise.reject(new ProxyError('upstream.reset', 'no'))
    }
    const handler = buildMiddleware(buffering, { retryExpression: 'Attempts() < 9' })(leave)
    expect(await code(handler(makeRequest()))).toBe('upstream.reset')
    expect(calls).toBe(1)
  })

  test.each([
    [{ maxRequestBodyBytes: -1 }, 'maxRequestBodyBytes: is not a number of bytes: "-1"'],
    [{ retryExpression: 'IsNetworkError() > 1' }, 'retryExpression: what is true or false is not compared'],
    [{ retryExpression: 'NetworkErrorRatio() > 0.1' }, 'unknown function NetworkErrorRatio'],
    [{ memBytes: 1 }, 'unknown key'],
  ])('refuses %j', (options, message) => {
    expect(problemsOf(buffering, options).join('\n')).toContain(message)
  })
})
