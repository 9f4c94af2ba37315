import { describe, expect, test } from 'bun:test'
import { headerValue, headerValues } from '../../src/http/headers.ts'
import type { Handler } from '../../src/http/message.ts'
import type { ForwardTarget, ServiceScope } from '../../src/service/define.ts'
import type { Verdict } from '../../src/service/health/probe.ts'
import { loadBalancer } from '../../src/service/load-balancer.ts'
import { KeptState } from '../../src/snapshot/kept-state.ts'
import { problemsOf } from '../support/middleware.ts'
import { makeRequest, makeResponse } from '../support/request.ts'
import { buildService } from '../support/service.ts'

function build(options: unknown): { handler: Handler; targets: ForwardTarget[] } {
  const targets: ForwardTarget[] = []
  const { handler } = buildService(loadBalancer, options, {
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

  test('never chooses a server without weight, not even for a cookie that names it', async () => {
    const idle = [
      { url: 'http://a', weight: 0 },
      { url: 'http://b', weight: 1 },
    ]
    const { handler } = build({ servers: idle, sticky: { cookie: { name: 'lb' } } })
    const named = await handler(makeRequest({ headers: ['Cookie', 'lb=http://a'] }))
    expect(headerValue(named.headers, 'x-server')).toBe('http://b')
    expect(await servers(handler, 4)).toEqual(Array(4).fill('http://b'))
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
    [
      'unix:/run/a.sock',
      { scheme: 'http', socketPath: '/run/a.sock', authority: 'localhost', origin: 'unix:/run/a.sock' },
      '',
    ],
    ['unix:///run/a.sock', { socketPath: '/run/a.sock', origin: 'unix:/run/a.sock' }, ''],
  ] as const)('takes the URL %s apart', (url, server, basePath) => {
    const { targets } = build({ servers: [{ url, preservePath: true }] })
    expect(targets[0]).toMatchObject({ server, basePath, passHostHeader: true })
  })

  test('ignores the path of a URL without preservePath', () => {
    expect(build({ servers: [{ url: 'http://a/x' }] }).targets[0]?.basePath).toBe('')
  })

  test.each([
    [{ servers: [{ url: 'a:80' }] }, 'is not a server'],
    [{ servers: [{ weight: 1 }] }, 'url: is required'],
    [{ servers: [{ url: 'http://a', weigth: 2 }] }, 'did you mean "weight"?'],
    [{ servers: [{ url: 'unix:app.sock' }] }, 'is not the absolute path of a Unix socket'],
    [{ servers: [{ url: 'unix://run/app.sock' }] }, 'is not the absolute path of a Unix socket'],
    [{ servers: [{ url: `unix:/${'a'.repeat(107)}` }] }, '107 bytes'],
    [{ servers: [], strategy: 'fastest' }, 'expected "wrr", "p2c", "hrw" or "leasttime"'],
    [{ servers: [], strategy: 'hrw', sticky: { cookie: {} } }, 'sticky: warning: has no effect with strategy hrw'],
    [{ servers: [], healthCheck: { path: 'http://other/' } }, 'healthCheck.path: must be a path'],
    [{ servers: [], healthCheck: { path: '/a b' } }, 'healthCheck.path: has a character'],
    [{ servers: [], healthCheck: { path: '/', mode: 'gprc' } }, 'healthCheck.mode: "gprc" is not known'],
    [{ servers: [], healthCheck: { path: '/', interval: '0s' } }, 'healthCheck.interval: must be more than zero'],
    [{ servers: [], healthCheck: { path: '/', scheme: 'ftp' } }, 'healthCheck.scheme: "ftp" is not known'],
    [{ servers: [], healthCheck: { path: '/', method: 'G T' } }, 'healthCheck.method: has a character'],
    [{ servers: [], healthCheck: { path: '/', headers: { 'a b': 'x' } } }, 'is not the name of a header field'],
    [{ servers: [], passiveHealthCheck: { maxFailedAttempts: 0 } }, 'passiveHealthCheck.maxFailedAttempts'],
  ])('refuses %j with "%s"', (options, message) => {
    expect(problemsOf(loadBalancer, options).join('\n')).toContain(message)
  })
})

const two = [{ url: 'http://a' }, { url: 'http://b' }]

describe('loadBalancer at another attempt', () => {
  test.each([
    ['wrr', {}],
    ['p2c', {}],
    ['hrw', {}],
    ['leasttime', {}],
    ['wrr', { sticky: { cookie: { name: 'lb' } } }],
  ])(
    'by %s with %j goes to a server that has not failed the request, while there is one',
    async (strategy, options) => {
      const { handler } = build({ servers: [...two, { url: 'http://c' }], strategy, ...options })
      for (let round = 0; round < 20; round++) {
        const request = makeRequest({ headers: ['Cookie', 'lb=http://b'] })
        request.exchange.failedServers = new Set(['http://a', 'http://b'])
        expect((await handler(request)).headers[1]).toBe('http://c')
        request.exchange.failedServers.add('http://c')
        expect((await handler(request)).status).toBe(200)
      }
    },
  )
})

describe('loadBalancer with sticky.cookie', () => {
  const options = { servers: two, sticky: { cookie: { name: 'lb', httpOnly: true } } }

  test('ties a client to its first server', async () => {
    const { handler } = build(options)
    const first = await handler(makeRequest({}))
    const cookie = headerValue(first.headers, 'set-cookie')!.split(';')[0]!
    for (let turn = 0; turn < 4; turn++) {
      const next = await handler(makeRequest({ headers: ['Cookie', `x=1; ${cookie}`] }))
      expect(next.headers).toEqual(['X-Server', headerValue(first.headers, 'x-server')!])
    }
  })

  test('gives a client of a server that is gone another one, and another cookie', async () => {
    const { handler } = build(options)
    const response = await handler(makeRequest({ headers: ['Cookie', 'lb=0123456789abcdef'] }))
    expect(headerValue(response.headers, 'set-cookie')).toMatch(/^lb=[0-9a-f]{16}; Path=\/; HttpOnly$/)
  })

  test('goes on serving a client by an old kind of value, and renews it', async () => {
    const { handler } = build(options)
    for (let turn = 0; turn < 3; turn++) {
      const response = await handler(makeRequest({ headers: ['Cookie', 'lb=http://b'] }))
      expect(headerValue(response.headers, 'x-server')).toBe('http://b')
      expect(headerValues(response.headers, 'set-cookie')).toHaveLength(1)
    }
  })
})

/** A scope whose probes say what the test says. */
function probedBy(reports: Map<string, ((verdict: Verdict) => void)[]>, kept: KeptState): Partial<ServiceScope> {
  return {
    keep: (key, make) => kept.acquire(`own ${key}`, make),
    share: (key, make) => kept.acquire(key, make),
    runCheck: ({ plan }, report) => {
      reports.set(plan.server.origin, [...(reports.get(plan.server.origin) ?? []), report])
      return () => reports.delete(plan.server.origin)
    },
  }
}

describe('loadBalancer with cookie and health', () => {
  test('gives the client of a server that is down another one, and another cookie', async () => {
    const reports = new Map<string, ((verdict: Verdict) => void)[]>()
    const options = { servers: two, healthCheck: { path: '/' }, sticky: { cookie: { name: 'lb' } } }
    const { handler } = buildService(loadBalancer, options, probedBy(reports, new KeptState()))
    const first = await handler(makeRequest({}))
    const server = headerValue(first.headers, 'x-server')!
    const headers = ['Cookie', headerValue(first.headers, 'set-cookie')!.split(';')[0]!]
    reports.get(server)![0]!({ isUp: false, reason: 'test' })
    const second = await handler(makeRequest({ headers }))
    expect(headerValue(second.headers, 'x-server')).not.toBe(server)
    expect(headerValue(second.headers, 'set-cookie')).not.toBe(headerValue(first.headers, 'set-cookie')!)
  })
})

describe('loadBalancer with healthCheck', () => {
  const options = { servers: two, healthCheck: { path: '/health' } }
  const down: Verdict = { isUp: false, reason: 'test' }

  test('leaves a server out while it is down', async () => {
    const reports = new Map<string, ((verdict: Verdict) => void)[]>()
    const { handler, status } = buildService(loadBalancer, options, probedBy(reports, new KeptState()))
    expect(new Set(await servers(handler, 2))).toEqual(new Set(['http://a', 'http://b']))
    reports.get('http://a')![0]!(down)
    expect(await servers(handler, 4)).toEqual(Array(4).fill('http://b'))
    expect(Object.fromEntries(status!.servers)).toEqual({ 'http://a': false, 'http://b': true })
    reports.get('http://a')![0]!({ isUp: true })
    expect(new Set(await servers(handler, 2))).toEqual(new Set(['http://a', 'http://b']))
  })

  test('answers 503 and is down itself when all are', async () => {
    const reports = new Map<string, ((verdict: Verdict) => void)[]>()
    const { handler, status } = buildService(loadBalancer, options, probedBy(reports, new KeptState()))
    expect(status?.isUp).toBe(true)
    for (const [report] of reports.values()) report!(down)
    expect(status?.isUp).toBe(false)
    expect((await handler(makeRequest({}))).status).toBe(503)
  })

  test.each([
    ['wrr', false],
    ['p2c', true],
  ])('by %s counts the health of a server without weight: %p', (strategy, counts) => {
    const reports = new Map<string, ((verdict: Verdict) => void)[]>()
    const idle = [{ url: 'http://a', weight: 0 }, { url: 'http://b' }]
    const scope = probedBy(reports, new KeptState())
    const { status } = buildService(loadBalancer, { ...options, servers: idle, strategy }, scope)
    reports.get('http://b')![0]!(down)
    expect(status?.isUp).toBe(counts)
  })

  test('shares a check with another service that asks for the same, and keeps it as long as one does', () => {
    const reports = new Map<string, ((verdict: Verdict) => void)[]>()
    const kept = new KeptState()
    const keys: string[][] = [[], []]
    const holder = (at: number): Partial<ServiceScope> => {
      const scope = probedBy(reports, kept)
      const acquire = <T extends object>(key: string, make: () => T): T => {
        keys[at]!.push(key)
        return kept.acquire(key, make)
      }
      return { ...scope, share: acquire, keep: (key, make) => acquire(`service ${at} ${key}`, make) }
    }
    buildService(loadBalancer, options, holder(0))
    buildService(loadBalancer, options, holder(1))
    expect([...reports.values()].map((sharing) => sharing.length)).toEqual([1, 1])
    for (const key of keys[0]!) kept.release(key)
    expect(reports.size).toBe(2)
    for (const key of keys[1]!) kept.release(key)
    expect(reports.size).toBe(0)
  })

  test('has no status to tell without any health check', () => {
    expect(buildService(loadBalancer, { servers: two }).status).toBeUndefined()
  })
})
