import { describe, expect, test } from 'bun:test'
import { startApp } from '../support/running-app.ts'

interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly probes: number
  readonly requests: number
  status: number
}

function startUpstream(name: string, port = 0): Upstream {
  const counts = { probes: 0, requests: 0, status: 200 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    fetch(request): Response {
      const isProbe = request.url.endsWith('/health')
      counts[isProbe ? 'probes' : 'requests']++
      return new Response(name, { status: isProbe ? counts.status : 200 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    get status() {
      return counts.status
    },
    set status(status) {
      counts.status = status
    },
    get probes() {
      return counts.probes
    },
    get requests() {
      return counts.requests
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

function configuration(services: string): string {
  return `
http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: main }
  services:
${services.replace(/^(?=.)/gm, '    ')}
`
}

function balancer(name: string, urls: readonly string[], lines = ''): string {
  const servers = urls.map((url) => `{ url: "${url}" }`).join(', ')
  return `${name}:\n  loadBalancer:\n    servers: [${servers}]\n${lines.replace(/^(?=.)/gm, '    ')}`
}

const quickCheck = 'healthCheck: { path: /health, interval: 20ms, timeout: 1s }\n'

async function answers(url: string, count: number): Promise<string[]> {
  const names: string[] = []
  for (let turn = 0; turn < count; turn++) {
    const response = await fetch(url)
    names.push(`${response.status} ${(await response.text()).trim()}`)
  }
  return names
}

describe('services of a running proxy', () => {
  test('lose a server that fails its checks, tell their parent, and get it back', async () => {
    await using a = startUpstream('a')
    await using b = startUpstream('b')
    const services = [
      'main:\n  failover: { service: first, fallback: second }\n',
      balancer('first', [a.url], quickCheck),
      balancer('second', [b.url]),
    ].join('')
    await using app = await startApp(configuration(services))
    expect(await answers(app.url, 2)).toEqual(['200 a', '200 a'])
    a.status = 500
    await app.logged('server is down')
    expect(await answers(app.url, 2)).toEqual(['200 b', '200 b'])
    a.status = 200
    await app.logged('server is up again')
    expect(await answers(app.url, 2)).toEqual(['200 a', '200 a'])
  })

  test('answer 503 when every server is down', async () => {
    await using a = startUpstream('a')
    a.status = 500
    await using app = await startApp(configuration(balancer('main', [a.url], quickCheck)))
    await app.logged('server is down')
    expect(await answers(app.url, 1)).toEqual(['503 no available server'])
  })

  test('keep what is known of a server across a reload that does not change them', async () => {
    await using a = startUpstream('a')
    await using b = startUpstream('b')
    a.status = 500
    const slow = 'healthCheck: { path: /health, interval: 50ms, unhealthyInterval: 1h }\n'
    const main = balancer('main', [a.url, b.url], slow)
    await using app = await startApp(configuration(main))
    await app.logged('server is down')
    const probes = a.probes
    await app.reconfigure(configuration(main + balancer('other', [b.url])))
    expect(new Set(await answers(app.url, 6))).toEqual(new Set(['200 b']))
    expect(a.probes).toBe(probes)
  })

  test('stop being probed when their configuration goes', async () => {
    await using a = startUpstream('a')
    await using app = await startApp(configuration(balancer('main', [a.url], quickCheck)))
    while (a.probes === 0) await Bun.sleep(1)
    await app.reconfigure(configuration(balancer('main', [a.url])))
    const { probes } = a
    await Bun.sleep(80)
    // One may have been on its way.
    expect(a.probes - probes).toBeLessThanOrEqual(1)
  })

  test('take a server out after failed answers, and give it another chance in time', async () => {
    await using a = startUpstream('a')
    const gone = startUpstream('gone')
    await gone[Symbol.asyncDispose]()
    const passive = 'passiveHealthCheck: { failureWindow: 300ms, maxFailedAttempts: 2 }\n'
    await using app = await startApp(configuration(balancer('main', [a.url, gone.url], passive)))
    const first = await answers(app.url, 12)
    expect(first.filter((answer) => answer.startsWith('502'))).toHaveLength(2)
    await using back = startUpstream('back', Number(new URL(gone.url).port))
    await app.logged('another chance')
    expect(new Set(await answers(app.url, 2))).toEqual(new Set(['200 a', '200 back']))
    expect(back.requests).toBe(1)
  })

  test.each([
    [
      'a cycle, with its path',
      'main: { weighted: { services: [{ name: b }] } }\nb: { failover: { service: main, fallback: main } }\n',
      /recursion detected in service: main@file -> b@file -> main@file/,
    ],
    [
      'a child that is not there',
      'main: { mirroring: { service: nowhere } }\n',
      /the service "nowhere@file" does not exist/,
    ],
    [
      'healthCheck over a child without',
      `main: { weighted: { healthCheck: {}, services: [{ name: b }] } }\n${balancer('b', [])}`,
      /child service b of main@file has no healthCheck/,
    ],
  ])('are refused for %s', async (_, services, message) => {
    await using app = await startApp(configuration(services))
    expect(app.entries.join('')).toMatch(message)
    expect(await answers(app.url, 1)).toEqual(['404 404 page not found'])
  })
})

describe.each([
  ['fetch', []],
  ['socket', ['experimental.fastProxy=true']],
] as const)('under load over %s', (_, flags) => {
  test('servers killed and revived cost no more than what was in flight', async () => {
    const servers = ['a', 'b', 'c'].map((name) => startUpstream(name))
    const lines =
      'healthCheck: { path: /health, interval: 20ms, timeout: 200ms }\npassiveHealthCheck: { maxFailedAttempts: 1, failureWindow: 1h }\n'
    await using app = await startApp(
      configuration(
        balancer(
          'main',
          servers.map(({ url }) => url),
          lines,
        ),
      ),
      flags,
    )
    const clients = 8
    const outcomes: number[] = []
    let isOver = false
    const client = async () => {
      while (!isOver) {
        const response = await fetch(app.url, { headers: { 'User-Agent': 't' } })
        await response.bytes()
        outcomes.push(response.status)
      }
    }
    const running = Array.from({ length: clients }, client)
    const rounds = 6
    for (let round = 0; round < rounds; round++) {
      const at = round % servers.length
      const { url } = servers[at]!
      await Bun.sleep(60)
      await servers[at]![Symbol.asyncDispose]()
      await Bun.sleep(60)
      servers[at] = startUpstream('back', Number(new URL(url).port))
    }
    isOver = true
    await Promise.all(running)
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    const failed = outcomes.filter((status) => status !== 200)
    expect(outcomes.length).toBeGreaterThan(200)
    expect(new Set(failed).size).toBeLessThanOrEqual(2)
    expect(failed.length).toBeLessThanOrEqual(rounds * clients)
  })
})
