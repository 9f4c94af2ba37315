import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { keepAliveLoad } from '../support/keep-alive-client.ts'
import type { RawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { buildExecutable, everythingTo } from './proxy.ts'
import { connectToAll, startSupervised, statusAtAll } from './supervised.ts'

beforeAll(buildExecutable, 60_000)

function upstream() {
  return Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
}

const answersWith = (service: string) => ({ http: { routers: { all: { rule: 'PathPrefix(`/`)', service } } } })

describe('workers', () => {
  test('share one port, each with connections and requests of its own', async () => {
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    using spread = await connectToAll(stage)
    expect(await statusAtAll(spread.clients)).toEqual(new Set([418]))
    const status = await stage.supervisor.status()
    expect(status.map(({ worker }) => worker)).toEqual([1, 2])
    expect(new Set(status.map(({ pid }) => pid)).size).toBe(2)
    for (const { connections, requests, uptimeMs } of status) {
      expect(requests).toBe(connections)
      expect(uptimeMs).toBeGreaterThan(0)
    }
    expect(status[0]!.requests + status[1]!.requests).toBe(spread.clients.length)
  })

  test('take on a new dynamic configuration, all of them', async () => {
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    using spread = await connectToAll(stage)
    await stage.reconfigure({})
    const isEverywhere = async () => !(await statusAtAll(spread.clients)).has(418)
    await eventually(isEverywhere, 'the new configuration at every worker')
    expect(await statusAtAll(spread.clients)).toEqual(new Set([404]))
  })

  test('that start late serve the last good version that the others serve', async () => {
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    await stage.reconfigure('http: [')
    stage.supervisor.reload()
    const [victim = 0] = await stage.pids()
    process.kill(victim, 'SIGKILL')
    await eventually(async () => !(await stage.pids()).includes(victim), 'another worker in its place')
    using spread = await connectToAll(stage)
    expect(await statusAtAll(spread.clients)).toEqual(new Set([418]))
  })

  test('go by health checks of one of them, and of another one when that is gone', async () => {
    let status = 500
    let probes = 0
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: ({ url }) => {
        if (url.endsWith('/health')) probes += 1
        return new Response('', { status: url.endsWith('/health') ? status : 200 })
      },
    })
    const url = `http://127.0.0.1:${server.port}`
    const plan = everythingTo(url)
    const healthCheck = { path: '/health', interval: '30ms' }
    const dynamic = {
      http: { ...plan.http, services: { app: { loadBalancer: { servers: [{ url }], healthCheck } } } },
    }
    await using stage = await startSupervised({ dynamic })
    using spread = await connectToAll(stage)
    const everywhere = (wanted: number) => async () => {
      const found = await statusAtAll(spread.clients.filter(({ socket }) => socket.readyState === 'open'))
      return found.size === 1 && found.has(wanted)
    }
    await eventually(everywhere(503), 'every worker knows that the server is down')
    const [leader = 0] = await stage.pids()
    process.kill(leader, 'SIGKILL')
    const before = probes
    await eventually(() => probes > before + 2, 'somebody else probes')
    status = 200
    await eventually(everywhere(200), 'every worker knows that the server is up')
  })
})

describe('a worker that is killed under load', () => {
  test('takes its own connections with it and no other, and another one comes', async () => {
    using server = upstream()
    await using stage = await startSupervised({ dynamic: everythingTo(`http://127.0.0.1:${server.port}`) })
    using spread = await connectToAll(stage)
    const [victim, survivor] = spread.status
    const load = keepAliveLoad(stage.port, 6)
    await eventually(() => load.counts().requests > 100, 'load')
    process.kill(victim!.pid, 'SIGKILL')
    const closed = () => spread.clients.filter(({ socket }) => socket.readyState !== 'open').length
    await eventually(() => closed() >= victim!.connections, 'the connections of the killed worker are closed')
    await eventually(async () => !(await stage.pids()).includes(victim!.pid), 'another worker')
    const before = load.counts().requests
    await eventually(() => load.counts().requests > before + 100, 'more load')
    await load.stop()
    expect(closed()).toBe(victim!.connections)
    const still = spread.clients.filter(({ socket }) => socket.readyState === 'open')
    expect(still).toHaveLength(survivor!.connections)
    expect(await statusAtAll(still)).toEqual(new Set([200]))
    using again = await connectToAll(stage)
    expect(again.status.map(({ pid }) => pid)).toContain(survivor!.pid)
  })
})

describe('a new static configuration', () => {
  test('replaces all workers one by one and fails no request', async () => {
    using server = upstream()
    await using stage = await startSupervised({ dynamic: everythingTo(`http://127.0.0.1:${server.port}`) })
    const before = await stage.pids()
    const load = keepAliveLoad(stage.port, 6)
    await eventually(() => load.counts().requests > 100, 'load')
    for (const time of ['70s', '80s']) {
      stage.change({ serversTransport: { forwardingTimeouts: { idleConnTimeout: time } } })
      await within(stage.supervisor.reload(), 'the new workers', 10_000)
    }
    const { failures, requests, connections, answers } = await load.stop()
    expect(failures).toEqual([])
    expect([...answers]).toEqual(['HTTP/1.1 200 OK'])
    expect(requests).toBeGreaterThan(100)
    // They have moved: that is what the clients' second attempts are for.
    expect(connections).toBeGreaterThanOrEqual(6 + 6)
    const after = await stage.pids()
    expect(after).toHaveLength(2)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
  }, 15_000)

  test('lets requests in flight finish, at every worker', async () => {
    using server = await rawServer()
    await using stage = await startSupervised({ dynamic: everythingTo(`http://${server.address}`) })
    // So many that there are some at each worker, and others that are idle there.
    using busy = await connectToAll(stage)
    using idle = await connectToAll(stage)
    const exchanges: RawClient[] = []
    for (const client of busy.clients) {
      client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
      const exchange = await server.accept()
      await exchange.waitFor(/\r\n\r\n/)
      exchanges.push(exchange)
    }
    stage.change({ accessLog: { filePath: `${stage.folder.path}/access.log` } })
    const reloaded = stage.supervisor.reload()
    await within(Promise.race(idle.clients.map(({ ended }) => ended)), 'the first worker drains')
    for (const exchange of exchanges) exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    await Promise.all(busy.clients.map((client) => client.waitFor(/done$/)))
    for (const client of busy.clients) client.end()
    await within(reloaded, 'the reload')
  })

  test('may ask for more workers, or fewer', async () => {
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    for (const workers of [3, 1]) {
      stage.change({ workers })
      await within(stage.supervisor.reload(), 'the new workers')
      expect(await stage.supervisor.status()).toHaveLength(workers)
      using spread = await connectToAll(stage)
      expect(await statusAtAll(spread.clients)).toEqual(new Set([418]))
    }
  })

  test('that can not be served changes nothing', async () => {
    using other = await rawServer()
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    const before = await stage.pids()
    stage.change({ entryPoints: { web: { address: '127.0.0.1:0' }, other: { address: other.address } } })
    await within(stage.supervisor.reload(), 'the refusal')
    stage.change({ accessLog: { filePath: '/proc/nowhere/access.log' } })
    await within(stage.supervisor.reload(), 'the refusal')
    expect(await stage.pids()).toEqual(before)
    using spread = await connectToAll(stage)
    expect(await statusAtAll(spread.clients)).toEqual(new Set([418]))
  })

  test('that is the same as before replaces nobody', async () => {
    await using stage = await startSupervised({ dynamic: answersWith('noop@internal') })
    const before = await stage.pids()
    await within(stage.supervisor.reload(), 'the reload')
    expect(await stage.pids()).toEqual(before)
  })
})
