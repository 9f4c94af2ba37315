import { describe, expect, test } from 'bun:test'
import { ways, WireProxy } from '../support/proxy.ts'

interface Killable {
  readonly url: string
  kill(): Promise<void>
  revive(): void
}

/** A server that can be killed with all its connections, and comes back at the same port. */
function startServer(): Killable {
  const start = (port: number) => Bun.serve({ hostname: '127.0.0.1', port, fetch: () => new Response('ok') })
  let server = start(0)
  const port = server.port!
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => server.stop(true),
    revive: () => void (server = start(port)),
  }
}

function dynamic(servers: readonly Killable[], health: string): string {
  return `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target, middlewares: [again] } }
  middlewares: { again: { retry: { attempts: 4 } } }
  services:
    target:
      loadBalancer:
        servers: [${servers.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
        ${health}
`
}

// The window is short, since a server that has just come back must be let in again before the next two have gone.
const checks = [
  ['no health check', ''],
  ['health checks', 'healthCheck: { path: /, interval: 20ms, timeout: 200ms }'],
  ['passive health checks', 'passiveHealthCheck: { failureWindow: 1ms }'],
] as const

describe.each(ways.flatMap((way) => checks.map(([name, health]) => [way, name, health] as const)))(
  'over %s, with retry and %s',
  (way, _, health) => {
    test('no request fails while servers are killed and revived', async () => {
      const servers = [startServer(), startServer(), startServer()]
      await using proxy = await WireProxy.start({ way, dynamic: dynamic(servers, health) })
      const statuses = new Map<string, number>()
      let isOver = false
      let answered = 0
      const session = new Bun.FetchSession()
      const client = async () => {
        while (!isOver) {
          const status = await session
            .fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { 'User-Agent': 't' } })
            .then(
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
        server.revive()
      }
      isOver = true
      await Promise.all(clients)
      session.close()
      await Promise.all(servers.map((server) => server.kill()))
      expect([...statuses.keys()]).toEqual(['200 ok'])
    })
  },
)
