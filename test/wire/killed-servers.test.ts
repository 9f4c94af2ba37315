import { describe, expect, test } from 'bun:test'
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { eventually } from '../support/eventually.ts'
import { ways, WireProxy } from '../support/proxy.ts'

interface Killable {
  readonly url: string
  /** Requests of clients so far. */
  readonly served: number
  kill(): Promise<void>
  revive(): Promise<void>
}

/** A server that can be killed with all its connections, and comes back at the same port. */
async function startServer(): Promise<Killable> {
  let served = 0
  const answer = ({ url }: Request) => {
    if (!url.endsWith('/health')) served += 1
    return new Response('ok')
  }
  const start = (port: number) => Bun.serve({ hostname: '127.0.0.1', port, fetch: answer })
  let server = start(0)
  const port = server.port!
  return {
    url: `http://127.0.0.1:${port}`,
    get served() {
      return served
    },
    kill: () => server.stop(true),
    revive: async () => void (server = start(port)),
  }
}

async function startH2cServer(): Promise<Killable> {
  let served = 0
  const sessions = new Set<ServerHttp2Session>()
  const start = async (port: number): Promise<Http2Server> => {
    const started = createServer((_, response) => {
      served += 1
      response.end('ok')
    })
    started.on('session', (session) => {
      sessions.add(session)
      session.on('error', () => {})
      session.on('close', () => sessions.delete(session))
    })
    await new Promise<void>((resolve) => started.listen(port, '127.0.0.1', resolve))
    return started
  }
  let server = await start(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `h2c://127.0.0.1:${port}`,
    get served() {
      return served
    },
    kill: async () => {
      server.close()
      for (const session of sessions) session.destroy()
    },
    revive: async () => void (server = await start(port)),
  }
}

/** With a status, since a fresh connection that ends before the answer is, as in Traefik, not tried again without. */
function dynamic(servers: readonly Killable[], health: string): string {
  return `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target, middlewares: [again] } }
  middlewares: { again: { retry: { attempts: 4, status: ["502"] } } }
  services:
    target:
      loadBalancer:
        servers: [${servers.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
        ${health}
`
}

const checks = [
  ['no health check', ''],
  ['health checks', 'healthCheck: { path: /health, interval: 20ms, timeout: 200ms }'],
  ['passive health checks', 'passiveHealthCheck: { failureWindow: 20ms }'],
] as const

const cases = [
  ...ways.flatMap((way) => checks.map(([name, health]) => [way, way, name, health, startServer] as const)),
  ['h2c', 'fetch', 'no health check', '', startH2cServer] as const,
]

describe.each(cases)('over %s (%s), with retry and %s', (_, way, __, health, start) => {
  test('no request fails while servers are killed and revived', async () => {
    const servers = await Promise.all([start(), start(), start()])
    await using proxy = await WireProxy.start({ way, dynamic: dynamic(servers, health) })
    const statuses = new Map<string, number>()
    let isOver = false
    let answered = 0
    const session = new Bun.FetchSession()
    const client = async () => {
      while (!isOver) {
        const status = await session.fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { 'User-Agent': 't' } }).then(
          async (response) => `${response.status} ${await response.text()}`,
          (thrown) => String(thrown.code),
        )
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        answered += 1
      }
    }
    const clients = Array.from({ length: 8 }, client)
    const passes = async (count: number) => {
      const target = answered + count
      while (answered < target) await Bun.sleep(1)
    }
    for (const server of [...servers, ...servers]) {
      await passes(40)
      await server.kill()
      await passes(40)
      const before = server.served
      await server.revive()
      // Else the next might be killed before this one is known to be back, and none be left.
      await eventually(() => server.served > before, 'the return of the server')
    }
    isOver = true
    await Promise.all(clients)
    session.close()
    await Promise.all(servers.map((server) => server.kill()))
    expect([...statuses.keys()]).toEqual(['200 ok'])
  })
})
