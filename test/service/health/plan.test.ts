import { describe, expect, test } from 'bun:test'
import { invalid, Place } from '../../../src/config/schema.ts'
import { ProblemCollector } from '../../../src/config/problem.ts'
import { healthCheck } from '../../../src/service/health/options.ts'
import { planCheck, type CheckPlan } from '../../../src/service/health/plan.ts'
import { parseServerUrl } from '../../../src/service/server-url.ts'
import { toNode } from '../../support/middleware.ts'

function plan(url: string, options: object): CheckPlan {
  const decoded = healthCheck.decode(toNode(options), new Place(new ProblemCollector()))
  const parsed = parseServerUrl(url)
  if (decoded === invalid || !parsed.ok) throw new Error('not valid')
  return planCheck(decoded, parsed.value)
}

describe('the plan of a check', () => {
  test.each([
    ['http://a', '/health', '/health'],
    ['http://a/base', '/health?x=1', '/health?x=1'],
    ['http://a/base/', 'health', '/base/health'],
    ['http://a', 'health', '/health'],
    ['http://a/base', '?x=1', '/base?x=1'],
  ])('of %s with path %s asks for %s', (url, path, target) => {
    expect(plan(url, { path }).target).toBe(target)
  })

  test.each([
    ['http://a:81', {}, 'http://a:81'],
    ['http://a:81', { port: 82 }, 'http://a:82'],
    ['http://a:81', { scheme: 'https' }, 'https://a:81'],
    ['http://[::1]:81', { port: 82 }, 'http://[::1]:82'],
    ['https://a', { port: 8443 }, 'https://a:8443'],
    ['unix:/run/a.sock', { port: 82 }, 'unix:/run/a.sock'],
    ['http://a:81', { scheme: 'h2c' }, 'h2c://a:81'],
    ['http://a:81', { mode: 'grpc' }, 'h2c://a:81'],
    ['h2c://[::1]:81', { mode: 'grpc', port: 82 }, 'h2c://[::1]:82'],
    ['https://a', { mode: 'grpc' }, 'https://a'],
    ['https://a', { mode: 'grpc', scheme: 'http' }, 'h2c://a:443'],
  ])('of %s with %j goes to %s', (url, options, origin) => {
    expect(plan(url, { path: '/', ...options }).server.origin).toBe(origin)
  })

  test('by gRPC over a Unix socket goes there, as h2c', () => {
    expect(plan('unix:/run/a.sock', { mode: 'grpc' }).server).toMatchObject({
      scheme: 'h2c',
      socketPath: '/run/a.sock',
    })
  })

  test('takes over every other key', () => {
    const options = {
      ...{ path: '/', hostname: 'h.test', method: 'HEAD', status: 204, headers: { 'X-A': 'b', Host: 'not.test' } },
      ...{ interval: '10s', unhealthyInterval: '1s', timeout: '2s', followRedirects: false },
    }
    expect(plan('http://a', options)).toMatchObject({
      ...{ host: 'h.test', method: 'HEAD', status: 204, headers: ['X-A', 'b'] },
      ...{ intervalMs: 10_000, unhealthyIntervalMs: 1000, timeoutMs: 2000, followRedirects: false },
    })
  })
})
