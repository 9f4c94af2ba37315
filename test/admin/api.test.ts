import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { sluiceVersion } from '../../src/version.ts'
import { startApi, type Item, type RunningApi } from './running-api.ts'

const dynamic = `
http:
  routers:
    app: { rule: Host(\`a.test\`), service: app, entryPoints: [web, nowhere], middlewares: [breaker, users] }
    own: { rule: PathPrefix(\`/own\`), service: weighted, entryPoints: [web, inner], priority: 9223372036854774807 }
    secure: { rule: Host(\`s.test\`), service: app@file, entryPoints: [web], tls: { domains: [{ main: s.test, sans: [t.test] }] }, observability: { traceVerbosity: detailed } }
    orphan: { rule: Host(\`o.test\`), service: nobody, entryPoints: [web] }
    broken: { rule: Hst(\`b.test\`), service: app }
  middlewares:
    breaker: { circuitBreaker: { expression: NetworkErrorRatio() > 0.3, fallbackDuration: 90 } }
    users: { basicAuth: { users: ['alice:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'] } }
    "a/b": { addPrefix: { prefix: /x } }
  services:
    app: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } }
    weighted: { weighted: { services: [{ name: app, weight: 2 }] } }
tcp:
  routers:
    raw: { rule: HostSNI(\`x.test\`), service: raw, entryPoints: [web], tls: { passthrough: true } }
  services:
    raw: { loadBalancer: { servers: [{ address: '127.0.0.1:2' }] } }
`
const flags = ['entryPoints.inner.address=127.0.0.1:0', 'entryPoints.inner.http.middlewares=users@file']
const observability = { accessLogs: true, metrics: true, tracing: true, traceVerbosity: 'minimal' }

let api: RunningApi
beforeAll(async () => void (api = await startApi(dynamic, [...flags, 'accessLog.filePath=/dev/null'])))
afterAll(() => api[Symbol.asyncDispose]())

describe('a router', () => {
  test('has the configuration, its status, and the entry points that serve it', async () => {
    expect(await api.json('http/routers/app@file')).toEqual({
      entryPoints: ['web', 'nowhere'],
      middlewares: ['breaker@file', 'users@file'],
      service: 'app',
      rule: 'Host(`a.test`)',
      priority: 14,
      priorityStr: '14',
      observability,
      error: ['entryPoint "nowhere" doesn\'t exist (expected inner, traefik, web)'],
      status: 'warning',
      using: ['web'],
      name: 'app@file',
      provider: 'file',
    })
  })

  test('has TLS with the options that hold', async () => {
    expect(await api.json('http/routers/secure@file')).toMatchObject({
      tls: { options: 'default', domains: [{ main: 's.test', sans: ['t.test'] }] },
      observability: { ...observability, traceVerbosity: 'detailed' },
    })
  })

  test('is another one at an entry point with settings for its routers', async () => {
    const [shared, own] = await Promise.all(
      ['own@file', 'inner-own@file'].map((name) => api.json(`http/routers/${name}`)),
    )
    expect(shared).toMatchObject({ entryPoints: ['web'], using: ['web'] })
    expect(shared).not.toHaveProperty('middlewares')
    expect(own).toMatchObject({ entryPoints: ['inner'], using: ['inner'], middlewares: ['users@file'] })
  })

  test('has its priority to the last digit', async () => {
    const text = await (await fetch(`${api.apiUrl}/http/routers/own%40file`)).text()
    expect(text).toContain('"priority":9223372036854774807,"priorityStr":"9223372036854774807"')
  })

  test('that can not be built is disabled, and says why', async () => {
    const orphan = await api.json('http/routers/orphan@file')
    expect(orphan).toMatchObject({ status: 'disabled', error: ['the service "nobody@file" does not exist'] })
    expect(orphan).not.toHaveProperty('using')
  })

  test('that can not be read is disabled, with the place of its mistake', async () => {
    const { error, ...broken } = await api.json('http/routers/broken@file')
    expect(broken).toEqual({ status: 'disabled', name: 'broken@file', provider: 'file' })
    expect(error).toHaveLength(1)
    expect(error![0]).toMatch(/dynamic\.yaml:8:21: http\.routers\.broken\.rule: unknown matcher "Hst"/)
  })

  test('of the program itself is there too', async () => {
    expect(await api.json('http/routers/api@internal')).toMatchObject({
      entryPoints: ['traefik'],
      rule: 'PathPrefix(`/api`)',
      priorityStr: '9223372036854775806',
    })
  })

  test('for TCP is in a list of its own', async () => {
    expect(await api.list('tcp/routers')).toEqual([
      {
        entryPoints: ['web'],
        service: 'raw',
        rule: 'HostSNI(`x.test`)',
        priority: 17,
        priorityStr: '17',
        tls: { passthrough: true },
        status: 'enabled',
        using: ['web'],
        name: 'raw@file',
        provider: 'file',
      },
    ])
  })
})

describe('a service', () => {
  test('has the configuration with its defaults, who uses it, and its servers', async () => {
    expect(await api.json('http/services/app@file')).toEqual({
      loadBalancer: {
        servers: [{ url: 'http://127.0.0.1:1', weight: 1 }],
        strategy: 'wrr',
        passHostHeader: true,
        responseForwarding: { flushInterval: '100ms' },
      },
      status: 'enabled',
      usedBy: ['app@file', 'secure@file'],
      serverStatus: { 'http://127.0.0.1:1': 'UP' },
      name: 'app@file',
      provider: 'file',
      type: 'loadbalancer',
    })
  })

  test('of services has no servers', async () => {
    expect(await api.json('http/services/weighted@file')).toEqual({
      weighted: { services: [{ name: 'app', weight: 2 }] },
      status: 'enabled',
      usedBy: ['inner-own@file', 'own@file'],
      name: 'weighted@file',
      provider: 'file',
      type: 'weighted',
    })
  })

  test('may be the program itself', async () => {
    expect(await api.json('http/services/api@internal')).toEqual({
      status: 'enabled',
      usedBy: ['api@internal'],
      name: 'api@internal',
      provider: 'internal',
    })
  })

  test('for TCP is in a list of its own', async () => {
    expect(await api.list('tcp/services')).toMatchObject([
      { loadBalancer: { servers: [{ address: '127.0.0.1:2' }] }, usedBy: ['raw@file'], type: 'loadbalancer' },
    ])
  })
})

describe('a middleware', () => {
  test('does not tell its secrets', async () => {
    const users = await api.json('http/middlewares/users@file')
    expect(users).toMatchObject({ basicAuth: { users: ['xxxx'], realm: 'traefik' }, type: 'basicauth' })
    expect(await (await fetch(`${api.apiUrl}/rawdata`)).text()).not.toContain('$2y$')
  })

  test('is used by routers, those of an entry point among them', async () => {
    expect((await api.json('http/middlewares/users@file'))['usedBy']).toEqual(['app@file', 'inner-own@file'])
  })

  test('is found by an encoded name', async () => {
    expect(await api.json('http/middlewares/a%2Fb@file')).toMatchObject({
      name: 'a/b@file',
      addPrefix: { prefix: '/x' },
    })
  })
})

describe('the API', () => {
  test('gives an overview', async () => {
    const none = { total: 0, warnings: 0, errors: 0 }
    expect(await api.json('overview')).toEqual({
      http: {
        routers: { total: 7, warnings: 1, errors: 2 },
        services: { total: 6, warnings: 0, errors: 0 },
        middlewares: { total: 3, warnings: 0, errors: 0 },
      },
      tcp: { routers: { ...none, total: 1 }, services: { ...none, total: 1 }, middlewares: none },
      udp: { routers: none, services: none },
      certificates: none,
      features: { tracing: '', metrics: '', accessLog: true },
      providers: ['File'],
    })
  })

  test('gives everything at once as raw data', async () => {
    const raw = await api.json('rawdata')
    expect(Object.keys(raw)).toEqual(['routers', 'middlewares', 'services', 'tcpRouters', 'tcpServices'])
    const { name: _, provider: __, type: ___, ...app } = await api.json('http/services/app@file')
    expect(raw['services']).toHaveProperty(['app@file'], app)
    expect(raw['routers']).toHaveProperty(['broken@file', 'status'], 'disabled')
  })

  test('gives the mistakes in the configuration with their places', async () => {
    const problems = await api.list('problems')
    expect(problems).toMatchObject([
      { severity: 'error', line: 8, column: 21, path: 'http.routers.broken.rule' },
      { severity: 'warning', line: 4, path: 'http.routers.app.entryPoints[1]' },
      { severity: 'error', line: 7, path: 'http.routers.orphan.service' },
    ])
  })

  test('gives its version', async () => {
    const { startDate, ...version } = await api.json('version')
    expect(version).toEqual({ Version: sluiceVersion, Codename: 'sluice' })
    expect(Date.now() - Date.parse(startDate!)).toBeLessThan(60_000)
  })

  test('gives the entry points as configured', async () => {
    const names = await api.list('entrypoints')
    expect(names.map(({ name }) => name)).toEqual(['inner', 'traefik', 'web'])
    expect(await api.json('entrypoints/inner')).toMatchObject({
      address: '127.0.0.1:0',
      transport: { respondingTimeouts: { readTimeout: '1m0s', idleTimeout: '3m0s' } },
      http: { middlewares: ['users@file'], maxHeaderBytes: 1_048_576 },
      name: 'inner',
    })
  })

  test('gives a list page by page', async () => {
    const names: string[] = []
    const next: (string | null)[] = []
    for (const page of [1, 2, 3]) {
      const response = await fetch(`${api.apiUrl}/http/routers?per_page=3&page=${page}`)
      expect(response.headers.get('content-type')).toBe('application/json')
      next.push(response.headers.get('x-next-page'))
      names.push(...((await response.json()) as Item[]).map(({ name = '' }) => name.replace('@file', '')))
    }
    expect(next).toEqual(['2', '3', '1'])
    expect(names).toEqual(['api@internal', 'app', 'broken', 'inner-own', 'orphan', 'own', 'secure'])
  })

  test('searches and sorts a list', async () => {
    const query = 'status=enabled&search=OWN&sortBy=entryPoints&direction=desc'
    expect(await api.list(`http/routers?${query}`)).toMatchObject([{ name: 'own@file' }, { name: 'inner-own@file' }])
  })

  test.each(['udp/routers', 'udp/services', 'tcp/middlewares'])('has an empty list of %s', async (list) => {
    expect(await api.list(list)).toEqual([])
  })

  test.each([
    ['http/routers/no@file', 404, '{"message":"router not found: no@file"}\n'],
    ['http/services/no%2Fno', 404, '{"message":"service not found: no/no"}\n'],
    ['http/middlewares/no', 404, '{"message":"middleware not found: no"}\n'],
    ['tcp/routers/no', 404, '{"message":"router not found: no"}\n'],
    ['udp/services/no', 404, '{"message":"service not found: no"}\n'],
    ['entrypoints/no', 404, '{"message":"entry point not found: no"}\n'],
    ['http/routers/%ff', 400, '{"message":"unable to decode routerID \\"%FF\\": invalid URL escape"}\n'],
    ['http/routers?page=9', 400, '{"message":"invalid request: page: 9, per_page: 100"}\n'],
    ['entrypoints?per_page=0', 400, '{"message":"invalid request: per_page: 0"}\n'],
    ['http/routers/', 404, '404 page not found\n'],
    ['http/routers/a/b', 404, '404 page not found\n'],
    ['entrypoints/a/b', 404, '404 page not found\n'],
    ['udp/middlewares', 404, '404 page not found\n'],
    ['support-dump', 404, '404 page not found\n'],
    ['', 404, '404 page not found\n'],
  ])('answers %p with %p', async (path, status, body) => {
    const response = await fetch(`${api.apiUrl}/${path}`)
    expect([response.status, await response.text()]).toEqual([status, body])
    expect(response.headers.get('content-type')).toBe(
      body.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8',
    )
  })

  test('is read-only', async () => {
    const response = await fetch(`${api.apiUrl}/rawdata`, { method: 'PUT', body: '{}' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await fetch(`${api.apiUrl}/version`, { method: 'HEAD' })).status).toBe(200)
  })

  test('has no dashboard yet', async () => {
    for (const path of ['/dashboard/', '/']) {
      expect((await fetch(new URL(path, api.apiUrl))).status).toBe(404)
    }
  })
})
