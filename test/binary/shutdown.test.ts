import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { buildExecutable, everythingTo, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const get = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

async function slowServer(lifeCycle: object, log: object = {}) {
  const server = await rawServer()
  const entryPoints = { web: { address: '127.0.0.1:0', transport: { lifeCycle } } }
  const proxy = await startProxy({ static: { entryPoints, ...log }, dynamic: everythingTo(`http://${server.address}`) })
  return {
    server,
    proxy,
    port: proxy.port(),
    [Symbol.asyncDispose]: async () => {
      server[Symbol.dispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

async function isRefused(port: number): Promise<boolean> {
  return rawClient(port).then(
    (client) => (client[Symbol.dispose](), false),
    () => true,
  )
}

/** A client that has been answered and says nothing more, and the connection at the server that answered it. */
async function idleClient({ port, server }: Pick<Awaited<ReturnType<typeof slowServer>>, 'port' | 'server'>) {
  const client = await rawClient(port)
  client.write(get)
  const exchange = await server.accept()
  exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
  await client.waitFor(/done$/)
  return { client, exchange }
}

describe('SIGTERM', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '(%s) lets a request in flight finish, refuses new connections, and ends with 0',
    async (signal) => {
      await using stage = await slowServer({ graceTimeOut: '5s' })
      using client = await rawClient(stage.port)
      client.write(get)
      const exchange = await stage.server.accept()
      await exchange.waitFor(/\r\n\r\n/)
      stage.proxy.sluice.signal(signal)
      await eventually(() => isRefused(stage.port), 'new connections are refused')
      exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
      await client.waitFor(/200 OK/)
      expect(client.text).toMatch(/^Connection: close\r$/im)
      exchange.write('done')
      await client.waitFor(/done$/)
      client.end()
      expect(await within(stage.proxy.sluice.exited, 'the exit')).toBe(0)
    },
  )

  test('closes connections that are idle at once, and those that have said nothing yet a moment later', async () => {
    await using stage = await slowServer({ graceTimeOut: '8s' })
    using fresh = await rawClient(stage.port)
    using idle = (await idleClient(stage)).client
    stage.proxy.sluice.signal('SIGTERM')
    await within(idle.ended, 'the end of the idle connection', 1000)
    await within(fresh.ended, 'the end of the fresh connection', 1000)
    expect(await within(stage.proxy.sluice.exited, 'the exit', 1000)).toBe(0)
  })

  test('answers the first request of a connection that was opened just before', async () => {
    await using stage = await slowServer({ graceTimeOut: '8s' })
    using fresh = await rawClient(stage.port)
    const { client, exchange } = await idleClient(stage)
    using idle = client
    stage.proxy.sluice.signal('SIGTERM')
    await within(idle.ended, 'the end of the idle connection', 1000)
    fresh.write(get)
    await exchange.waitFor(/\r\n\r\n[^]*\r\n\r\n/)
    exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast')
    await fresh.waitFor(/last$/)
    fresh.end()
    expect(await within(stage.proxy.sluice.exited, 'the exit', 1000)).toBe(0)
  })

  test('cuts what is not finished after graceTimeOut, and still ends with 0', async () => {
    await using stage = await slowServer({ graceTimeOut: '300ms' }, { accessLog: { format: 'json' } })
    using client = await rawClient(stage.port)
    client.write(get)
    await stage.server.accept()
    const startedAt = performance.now()
    stage.proxy.sluice.signal('SIGTERM')
    // A second signal changes nothing.
    stage.proxy.sluice.signal('SIGTERM')
    expect(await within(stage.proxy.sluice.exited, 'the exit')).toBe(0)
    expect(performance.now() - startedAt).toBeGreaterThan(250)
    await within(client.ended, 'the cut')
    expect(stage.proxy.sluice.output).toMatch(/"cause":"shutdown"/)
  })

  test('goes on accepting for requestAcceptGraceTimeout', async () => {
    await using stage = await slowServer({ requestAcceptGraceTimeout: '400ms', graceTimeOut: '1s' })
    stage.proxy.sluice.signal('SIGTERM')
    const startedAt = performance.now()
    expect(await isRefused(stage.port)).toBe(false)
    await eventually(() => isRefused(stage.port), 'new connections are refused', 2000)
    expect(performance.now() - startedAt).toBeGreaterThan(300)
    expect(await within(stage.proxy.sluice.exited, 'the exit')).toBe(0)
  })
})
