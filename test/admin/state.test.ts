import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { rawClient } from '../support/raw-client.ts'
import { startApp } from '../support/running-app.ts'
import { startApi } from './running-api.ts'

/** Nobody listens on port 1. */
const dead = 'http://127.0.0.1:1'
const app = `app: { loadBalancer: { servers: [{ url: '${dead}' }] } }`

function breaking(services: string): string {
  return `
http:
  routers:
    one: { rule: PathPrefix(\`/one\`), service: app, entryPoints: [web], middlewares: [breaker] }
    two: { rule: PathPrefix(\`/two\`), service: app, entryPoints: [web], middlewares: [chained] }
  middlewares:
    breaker: { circuitBreaker: { expression: NetworkErrorRatio() > 0.3, fallbackDuration: 50ms, recoveryDuration: 10s } }
    chained: { chain: { middlewares: [breaker] } }
  services:
    ${services}
`
}

describe('the state of a circuit breaker', () => {
  test('is shown for each router that has one', async () => {
    await using api = await startApi(breaking(app))
    const states = async () => (await api.json('http/middlewares/breaker@file'))['state'] as Record<string, string>[]
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await states()).toEqual([
      { usedBy: 'one@file', state: 'closed', since },
      { usedBy: 'two@file', state: 'closed', since },
    ])
    await fetch(`${api.url}/one`)
    const [one, two] = await states()
    expect(one).toEqual({ usedBy: 'one@file', state: 'open', since, until: since })
    expect(Date.parse(one!['until']!) - Date.parse(one!['since']!)).toBe(50)
    expect(two).toEqual({ usedBy: 'two@file', state: 'closed', since })
    await eventually(async () => {
      await fetch(`${api.url}/one`)
      return (await states())[0]?.['state'] === 'recovering'
    }, 'the breaker recovers')
  })

  test('outlives a reload that leaves its middleware as it is', async () => {
    await using api = await startApi(breaking(app))
    await fetch(`${api.url}/two`)
    await api.reconfigure(breaking(`app: { loadBalancer: { servers: [{ url: '${dead}/' }] } }`))
    const { state } = await api.json('http/middlewares/breaker@file')
    expect(state).toMatchObject([
      { usedBy: 'one@file', state: 'closed' },
      { usedBy: 'two@file', state: 'open' },
    ])
  })

  test('is apart for an entry point with settings for its routers', async () => {
    const text = breaking(app)
    const inner = ['entryPoints.inner.address=127.0.0.1:0', 'entryPoints.inner.observability.tracing=false']
    await using api = await startApi(text.replace('[web]', '[web, inner]'), inner)
    const { state } = await api.json('http/middlewares/breaker@file')
    expect(state).toMatchObject([{ usedBy: 'one@file' }, { usedBy: 'inner-one@file' }, { usedBy: 'two@file' }])
  })
})

describe('the status of a server', () => {
  test('is what its health check has found', async () => {
    const check = '{ path: /, interval: 20ms, timeout: 20ms }'
    const watched = `app: { loadBalancer: { servers: [{ url: '${dead}' }], healthCheck: ${check} } }`
    await using api = await startApi(breaking(watched))
    await eventually(async () => {
      const { serverStatus } = await api.json('http/services/app@file')
      return Bun.deepEquals(serverStatus, { [dead]: 'DOWN' })
    }, 'the server is down')
  })

  test('is told without the password in its URL', async () => {
    await using api = await startApi(breaking(app.replace('//', '//user:geheim@')))
    const service = await api.json('http/services/app@file')
    expect(service).toMatchObject({ serverStatus: { 'http://user:xxxx@127.0.0.1:1': 'UP' } })
    expect(JSON.stringify(service)).not.toContain('geheim')
  })

  test('is not known where no router leads', async () => {
    await using api = await startApi(breaking(`${app}\n    ${app.replace('app', 'idle')}`))
    const idle = await api.json('http/services/idle@file')
    expect(idle).toMatchObject({ status: 'enabled' })
    expect(idle).not.toHaveProperty('serverStatus')
    expect(idle).not.toHaveProperty('usedBy')
  })
})

describe('an element with a mistake', () => {
  const good = breaking(app)

  test('stays in its last good version, with a warning', async () => {
    await using api = await startApi(good)
    await api.reconfigure(good.replace('PathPrefix(`/one`)', 'PathPrfix(`/one`)'))
    const { error, ...one } = await api.json('http/routers/one@file')
    expect(one).toMatchObject({ rule: 'PathPrefix(`/one`)', status: 'warning', using: ['web'] })
    expect(error).toHaveLength(2)
    expect(error![0]).toContain('http.routers.one.rule: unknown matcher "PathPrfix"')
    expect(error![1]).toBe('the last good version stays in use')
    expect(await api.json('overview')).toMatchObject({ http: { routers: { warnings: 1 } } })
  })

  test('is as before when the mistake has gone', async () => {
    await using api = await startApi(good)
    await api.reconfigure(good.replace('PathPrefix(`/one`)', 'PathPrfix(`/one`)'))
    await api.reconfigure(good.replace('/one', '/three'))
    expect(await api.json('http/routers/one@file')).toMatchObject({ rule: 'PathPrefix(`/three`)', status: 'enabled' })
  })
})

describe('the API of many routers', () => {
  const names = Array.from({ length: 3000 }, (_, at) => `r${String(at).padStart(4, '0')}`)
  const routers = names.map((name) => `    ${name}: { rule: Host(\`${name}.test\`), service: app, entryPoints: [web] }`)
  const many = `http:\n  routers:\n${routers.join('\n')}\n  services: { ${app} }\n`

  test('is whole when it is long', async () => {
    await using api = await startApi(many)
    const all = await api.list('http/routers?per_page=100000')
    expect(all.map(({ name }) => name)).toEqual(['api@internal', ...names.map((name) => `${name}@file`)])
    const raw = await api.json('rawdata')
    expect(Object.keys(raw['routers'] as object)).toHaveLength(3001)
    expect(await api.json('http/services/app@file')).toHaveProperty('usedBy.length', 3000)
  })

  test('lets a client go that has had enough', async () => {
    await using api = await startApi(many)
    for (let time = 0; time < 3; time++) {
      using client = await rawClient(Number(new URL(api.apiUrl).port))
      client.write('GET /api/rawdata HTTP/1.1\r\nHost: a.test\r\n\r\n')
      await client.waitFor(/\r\n\r\n/)
    }
    expect(await api.json('overview')).toMatchObject({ http: { routers: { total: 3001 } } })
  })
})

describe('api@internal', () => {
  const routed = (rule: string) => `
http:
  routers:
    manage: { rule: ${rule}, service: api@internal, entryPoints: [web], middlewares: [users] }
    pages: { rule: PathPrefix(\`/dashboard\`), service: dashboard@internal, entryPoints: [web] }
  middlewares:
    users: { basicAuth: { users: ['alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='] } }
`

  test('answers behind any router, and nowhere else', async () => {
    await using app = await startApp(routed('Host(`manage.test`)'), ['api=true'])
    const ask = (host: string, authorization = `Basic ${btoa('alice:password')}`) =>
      fetch(`${app.url}/api/version`, { headers: { host, authorization } })
    expect((await ask('manage.test')).status).toBe(200)
    expect((await ask('manage.test', 'Basic eDp5')).status).toBe(401)
    expect((await ask('other.test')).status).toBe(404)
    expect(app.entries.join('\n')).not.toContain('entryPoint=traefik')
    expect((await fetch(`${app.url}/dashboard/`)).status).toBe(404)
  })

  test('answers below its base path', async () => {
    await using api = await startApi(routed('PathPrefix(`/admin/`)'), ['api.basePath=/admin/'])
    const { origin } = new URL(api.apiUrl)
    expect((await fetch(`${origin}/admin/api/version`)).status).toBe(200)
    expect((await fetch(`${origin}/api/version`)).status).toBe(404)
    const headers = { authorization: `Basic ${btoa('alice:password')}` }
    expect((await fetch(`${api.url}/admin/api/entrypoints/web`, { headers })).status).toBe(200)
  })

  test('is not there unless the API is switched on', async () => {
    await using app = await startApp(routed('Host(`manage.test`)'))
    await app.logged('http.routers.manage.service: the service "api@internal" does not exist (api in the')
  })
})
