import { describe, expect, test } from 'bun:test'
import type { Handler } from '../../src/http/message.ts'
import type { ForwardTarget } from '../../src/service/define.ts'
import { loadBalancer } from '../../src/service/load-balancer.ts'
import { problemsOf, toNode } from '../support/middleware.ts'
import { Place } from '../../src/config/schema.ts'
import { ProblemCollector } from '../../src/config/problem.ts'
import { makeRequest, makeResponse } from '../support/request.ts'

function build(options: unknown): { handler: Handler; targets: ForwardTarget[] } {
  const decoded = loadBalancer.options.decode(toNode(options), new Place(new ProblemCollector()))
  if (typeof decoded === 'symbol') throw new Error('not valid')
  const targets: ForwardTarget[] = []
  const handler = loadBalancer.build(decoded, {
    name: 'app@file',
    service: () => {
      throw new Error('asks for no other service')
    },
    transport: () => ({ send: () => Promise.reject(new Error('not used')), close: () => {} }),
    forward: (target) => {
      targets.push(target)
      return () => Promise.resolve(makeResponse({ headers: ['X-Server', target.server.origin] }))
    },
  })
  return { handler, targets }
}

async function servers(handler: Handler, count: number): Promise<string[]> {
  const origins: string[] = []
  for (let turn = 0; turn < count; turn++) origins.push((await handler(makeRequest({}))).headers[1]!)
  return origins
}

describe('loadBalancer', () => {
  test('gives each server its turn', async () => {
    const { handler } = build({ servers: [{ url: 'http://10.0.0.1' }, { url: 'http://10.0.0.2:81' }] })
    const origins = await servers(handler, 10)
    expect(new Set(origins.slice(0, 2))).toEqual(new Set(['http://10.0.0.1', 'http://10.0.0.2:81']))
    expect(origins.filter((origin) => origin === 'http://10.0.0.1')).toHaveLength(5)
  })

  test('gives a heavier server more turns, without runs', async () => {
    const { handler } = build({
      servers: [
        { url: 'http://a', weight: 3 },
        { url: 'http://b', weight: 1 },
      ],
    })
    const turns = (await servers(handler, 8)).map((origin) => origin.slice(-1)).join('')
    expect(turns).toMatch(/^(aaba|abaa|aaab){2}$/)
  })

  test('answers 503 without a server', async () => {
    const { handler } = build({ servers: [] })
    const response = await handler(makeRequest({}))
    expect(response.status).toBe(503)
    expect(new TextDecoder().decode(await response.body.read())).toBe('no available server\n')
  })

  test.each([
    ['http://a', { scheme: 'http', host: 'a', port: 80, authority: 'a', origin: 'http://a' }, ''],
    [
      'https://a:8443/x',
      { scheme: 'https', host: 'a', port: 8443, authority: 'a:8443', origin: 'https://a:8443' },
      '/x',
    ],
    [
      'http://[::1]:80/x/',
      { scheme: 'http', host: '::1', port: 80, authority: '[::1]', origin: 'http://[::1]' },
      '/x/',
    ],
  ] as const)('takes the URL %s apart', (url, server, basePath) => {
    const { targets } = build({ servers: [{ url, preservePath: true }] })
    expect(targets[0]).toMatchObject({ server, basePath, passHostHeader: true })
  })

  test('ignores the path of a URL without preservePath', () => {
    expect(build({ servers: [{ url: 'http://a/x' }] }).targets[0]?.basePath).toBe('')
  })

  test.each([
    [{ servers: [{ url: 'h2c://a' }] }, 'h2c servers are not supported yet'],
    [{ servers: [{ url: 'a:80' }] }, 'is not a server'],
    [{ servers: [{ weight: 1 }] }, 'url: is required'],
    [{ servers: [{ url: 'http://a', weigth: 2 }] }, 'did you mean "weight"?'],
    [{ servers: [], strategy: 'p2c' }, 'p2c is not supported yet'],
    [{ servers: [], sticky: { cookie: {} } }, 'not supported yet'],
  ])('refuses %j with "%s"', (options, message) => {
    expect(problemsOf(loadBalancer, options).join('\n')).toContain(message)
  })
})
