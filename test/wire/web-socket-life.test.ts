import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { tlsSides, WebSocketStage, type TlsSides } from '../support/web-socket-stage.ts'
import type { WebSocketPeer } from '../support/web-socket-peer.ts'

const sides = [
  ['the client', 'the server'],
  ['the server', 'the client'],
] as const

const endings: readonly (readonly [string, (peer: WebSocketPeer) => void, { code: number; reason: string }])[] = [
  ['a close frame', ({ socket }) => socket.close(4001, 'enough'), { code: 4001, reason: 'enough' }],
  ['the end of its connection', ({ handshake }) => handshake.socket.end(), { code: 1006, reason: '' }],
  ['the loss of its connection', ({ handshake }) => handshake.socket.destroy(), { code: 1006, reason: '' }],
]

describe.each(['no TLS', 'TLS on both sides'] satisfies TlsSides[])('a WebSocket with %s', (tls) => {
  describe.each(endings)('that ends with %s', (_, end, expected) => {
    test.each(sides)('of %s ends for %s', async (who) => {
      await using stage = await WebSocketStage.start({ tls })
      const { client, server } = await stage.open()
      const [one, other] = who === 'the client' ? [client, server] : [server, client]
      end(one)
      expect(await within(other.closed, 'the end at the other side')).toEqual(expected)
      await within(one.closed, 'the end at its own side')
      await eventually(() => stage.proxy.connectionCount === 0, 'the end of the tunnel')
      expect((await stage.proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
    })
  })
})

describe.each(tlsSides)('a silent WebSocket with %s', (tls) => {
  test('is cut by no time-out and no limit of requests', async () => {
    const transport = 'entryPoints.web.transport'
    const times = ['readTimeout', 'writeTimeout', 'idleTimeout'].map((key) => `${transport}.respondingTimeouts.${key}`)
    const waits = ['idleConnTimeout', 'responseHeaderTimeout']
    const upstreamTimes = waits.map((key) => `serversTransport.forwardingTimeouts.${key}`)
    const flags = [...times, ...upstreamTimes, `${transport}.keepAliveMaxTime`].map((key) => `${key}=100ms`)
    await using stage = await WebSocketStage.start({ tls, flags: [...flags, `${transport}.keepAliveMaxRequests=1`] })
    const { client, server } = await stage.open()
    await Bun.sleep(350)
    expect(await client.ask('still here')).toBe('still here')
    server.send('and here')
    expect(String((await client.next()).bytes)).toBe('and here')
  })
})

describe('a WebSocket', () => {
  test('has its peers probed by TCP, since no time-out would notice that one has vanished', async () => {
    await using stage = await WebSocketStage.start()
    await stage.open()
    const serverPort = Number(new URL(stage.server.url).port)
    await eventually(async () => {
      const clients = await probedAfterMs(({ local }) => local === stage.proxy.port)
      const servers = await probedAfterMs(({ remote }) => remote === serverPort)
      const isSoon = ([left = 0]: number[], mostMs: number) => left > mostMs - 5000 && left <= mostMs
      return isSoon(clients, 180_000) && isSoon(servers, 30_000)
    }, 'keep-alive timers on both sides')
  })

  test('outlives its router, service and server in the configuration', async () => {
    await using stage = await WebSocketStage.start({ flags: ['providers.providersThrottleDuration=0'] })
    const { client } = await stage.open()
    expect(await client.ask('before')).toBe('before')
    await stage.proxy.reload('http: { routers: {} }')
    const asked = () => fetch(`http://127.0.0.1:${stage.proxy.port}/`, { keepalive: false })
    await eventually(async () => (await asked()).status === 404, 'the reload')
    // Idle connections of transports that nobody uses any more are closed by now.
    expect(await client.ask('after')).toBe('after')
    client.socket.close(1000, 'bye')
    expect(await within(client.closed, 'the end')).toEqual({ code: 1000, reason: 'bye' })
  })

  test('is ended by a shutdown after graceTimeOut, and not before', async () => {
    const flags = ['entryPoints.web.transport.lifeCycle.graceTimeOut=600ms']
    await using stage = await WebSocketStage.start({ flags })
    const { client, server } = await stage.open()
    const startedAt = performance.now()
    const down = stage.proxy.shutDown()
    await Bun.sleep(300)
    expect(await client.ask('still here')).toBe('still here')
    await within(down, 'the end of the proxy')
    expect(performance.now() - startedAt).toBeGreaterThan(590)
    await within(Promise.all([client.closed, server.closed]), 'the end at both sides')
  })

  test('that is closed during a shutdown ends the waiting', async () => {
    const flags = ['entryPoints.web.transport.lifeCycle.graceTimeOut=30s']
    await using stage = await WebSocketStage.start({ flags })
    const { client, server } = await stage.open()
    const down = stage.proxy.shutDown()
    server.socket.close(1001, 'going away')
    expect(await within(client.closed, 'the close frame')).toEqual({ code: 1001, reason: 'going away' })
    await within(down, 'the end of the proxy')
  })

  test('is one exchange of the access log, with status 101, once it has ended', async () => {
    await using stage = await WebSocketStage.start()
    const { client } = await stage.open({ path: '/chat' })
    await client.ask('a message')
    expect(stage.proxy.exchanges).toHaveLength(0)
    client.socket.close()
    await stage.proxy.finished(1)
    const [line] = await stage.proxy.accessLog()
    expect(line).toMatchObject({ RequestPath: '/chat', DownstreamStatus: 101, OriginStatus: 101 })
  })
})

/** Of established connections with a running keep-alive timer: the time that is left. */
async function probedAfterMs(matches: (ports: { local: number; remote: number }) => boolean): Promise<number[]> {
  const rows = (await Bun.file('/proc/net/tcp').text()).trim().split('\n').slice(1)
  return rows.flatMap((row) => {
    const [, local = '', remote = '', state, , timer = ''] = row.trim().split(/\s+/)
    const port = (address: string) => Number.parseInt(address.split(':')[1]!, 16)
    const [kind, left = ''] = timer.split(':')
    if (state !== '01' || kind !== '02' || !matches({ local: port(local), remote: port(remote) })) return []
    return [Number.parseInt(left, 16) * 10]
  })
}
