import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import type { Handler } from '../../src/http/message.ts'
import { createLog } from '../../src/observe/log.ts'
import { rateLimit } from '../../src/middleware/rate-limit.ts'
import { TokenBuckets } from '../../src/middleware/rate-limit/token-buckets.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, readText } from '../support/request.ts'

const okay: Handler = () => Promise.resolve(makeResponse())

function limited(options: object): Handler {
  return buildMiddleware(rateLimit, options)(okay)
}

/** A limit whose only token was taken so many milliseconds ago. */
function soon(options: object, agoMs: number, next: Handler = okay): Handler {
  const keep = <T extends object>(_: string, make: () => T): T => {
    const buckets = make()
    if (buckets instanceof TokenBuckets) buckets.take(makeRequest().exchange.client.address, performance.now() - agoMs)
    return buckets
  }
  return buildMiddleware(rateLimit, options, { keep })(next)
}

async function statuses(handler: Handler, requests: readonly Parameters<typeof makeRequest>[0][]): Promise<number[]> {
  const responses: number[] = []
  for (const parts of requests) responses.push((await handler(makeRequest(parts))).status)
  return responses
}

describe('rateLimit', () => {
  test('refuses with Traefik’s answer', async () => {
    const handler = limited({ average: 1, period: '90s' })
    await handler(makeRequest())
    const response = await handler(makeRequest())
    expect(response.status).toBe(429)
    const { 'Retry-After': after, 'X-Retry-In': exact, ...rest } = asObject(response.headers)
    expect(after).toBe('90')
    expect(exact).toMatch(/^1m(29\.\d+|30)s$/)
    expect(rest).toEqual({})
    expect(await readText(response.body)).toBe('Too Many Requests')
  })

  test('holds a request back whose token is about to come', async () => {
    const handler = soon({ average: 20 }, 30)
    const start = performance.now()
    expect(await statuses(handler, [{}])).toEqual([200])
    expect(performance.now() - start).toBeGreaterThanOrEqual(18)
    expect(await statuses(soon({ average: 20 }, 10), [{}])).toEqual([429])
  })

  test('does not let a request pass whose client has gone while it waited', async () => {
    let passed = 0
    const handler = soon({ average: 2 }, 300, () => {
      passed += 1
      return okay(makeRequest())
    })
    const request = makeRequest()
    const held = handler(request)
    request.exchange.cancel(new ProxyError('client.reset', 'gone'))
    expect(await held.catch((error) => error.code)).toBe('client.reset')
    expect(passed).toBe(0)
  })

  test.each([
    ['peer address by default', {}, [{ client: { address: '1.1.1.1' } }, { client: { address: '2.2.2.2' } }]],
    ['host', { requestHost: true }, [{ host: 'a.test' }, { host: 'b.test' }]],
    ['header', { requestHeaderName: 'X-User' }, [{ headers: ['x-user', 'a'] }, { headers: ['X-User', 'b'] }]],
    [
      'address told by X-Forwarded-For',
      { ipStrategy: { depth: 1 } },
      [{ headers: ['X-Forwarded-For', '1.1.1.1'] }, { headers: ['X-Forwarded-For', '9.9.9.9, 2.2.2.2'] }],
    ],
    [
      'network',
      { ipStrategy: { ipv6Subnet: 64 } },
      [{ client: { address: '2001:db8::1' } }, { client: { address: '2001:db8:0:1::1' } }],
    ],
  ])('counts by %s', async (_, sourceCriterion, [one, other]) => {
    const criterion = Object.keys(sourceCriterion).length === 0 ? {} : { sourceCriterion }
    const handler = limited({ average: 1, period: '1h', ...criterion })
    expect(await statuses(handler, [one, one, other, other])).toEqual([200, 429, 200, 429])
  })

  test('counts all that lack the header as one', async () => {
    const handler = limited({ average: 1, period: '1h', sourceCriterion: { requestHeaderName: 'X-User' } })
    const [one, other] = [{ client: { address: '1.1.1.1' } }, { client: { address: '2.2.2.2' } }]
    expect(await statuses(handler, [one, other])).toEqual([200, 429])
  })

  test.each([[{ burst: 1 }], [{ average: 0 }]])('has no limit with %j', async (options) => {
    expect(await statuses(limited(options), Array(20).fill({}))).toEqual(Array(20).fill(200))
  })

  test('refuses everything with redis and an average of 0, as Traefik does, and says so', async () => {
    const entries: string[] = []
    const log = createLog({ level: 'INFO', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
    const handler = buildMiddleware(rateLimit, { redis: { db: 1 } }, { log })(okay)
    const response = await handler(makeRequest())
    expect(response.status).toBe(429)
    expect(await readText(response.body)).toBe('No bursty traffic allowed\n')
    expect(entries.join('')).toContain('redis with an average of 0 refuses every request')
  })

  test('uses the state that it is given to keep', async () => {
    const kept = new Map<string, object>()
    const keep = <T extends object>(key: string, make: () => T): T => {
      const value = (kept.get(key) as T | undefined) ?? make()
      kept.set(key, value)
      return value
    }
    const build = () => buildMiddleware(rateLimit, { average: 1, period: '1h' }, { keep })(okay)
    expect(await statuses(build(), [{}])).toEqual([200])
    expect(await statuses(build(), [{}])).toEqual([429])
  })

  test.each([
    [{ average: -1 }, 'average: is out of range: -1'],
    [{ average: 1, period: '-1s' }, 'period: is negative'],
    [{ average: 'many' }, 'average: is not a whole number: "many"'],
    [{ averge: 1 }, 'did you mean "average"?'],
    [{ average: 1, sourceCriterion: { requestHost: true, requestHeaderName: 'A' } }, 'expected only one of them'],
    [{ average: 1, redis: { endpoints: 'localhost' } }, 'is not an endpoint: localhost (expected host:port)'],
    [{ average: 1, redis: { endpoints: ['a:1', 'b:1'] } }, 'a Redis cluster is not supported yet'],
    [{ average: 1, redis: { tls: { cert: 'x' } } }, 'has only one of cert and key'],
  ])('refuses %j', (options, message) => {
    expect(problemsOf(rateLimit, options).join('\n')).toContain(message)
  })

  test('warns of the size of a pool that there is not', () => {
    expect(problemsOf(rateLimit, { average: 1, redis: { poolSize: 5 } })).toEqual([
      'redis.poolSize: warning: has no effect',
    ])
  })
})
