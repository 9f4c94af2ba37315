import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import type { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const handshake =
  `GET /chat HTTP/1.1\r\n${plainFields}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
const switched =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'

interface Tunnel extends AsyncDisposable {
  readonly proxy: WireProxy
  readonly client: WirePeer
  readonly server: WirePeer
}

async function openTunnel(
  options: { way?: 'fetch' | 'socket'; early?: string; flags?: string[] } = {},
): Promise<Tunnel> {
  const upstream = new WireUpstream()
  const proxy = await WireProxy.start({
    servers: [upstream.url],
    way: options.way ?? 'fetch',
    flags: options.flags ?? [],
  })
  const client = await proxy.connect()
  client.send(handshake + (options.early ?? ''))
  const server = await upstream.request('\r\n\r\n')
  server.send(switched + (options.early ?? ''))
  await client.expect('\r\n\r\n')
  return {
    proxy,
    client,
    server,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await upstream.allGone()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

describe.each(ways)('an upgrade with %s as the usual way', (way) => {
  test('is asked for and agreed on with its own fields, then every byte passes untouched', async () => {
    await using tunnel = await openTunnel({ way })
    const { client, server } = tunnel
    expect(server.text).toContain('Connection: Upgrade\r\nUpgrade: WebSocket\r\n')
    expect(server.text).toContain('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n')
    expect(server.text).toContain('X-Forwarded-Proto: ws\r\n')
    expect(client.text).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n')
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet))
    client.send(octets)
    await server.expect((text) => text.endsWith(octets.toString('latin1')))
    server.send(octets)
    await client.expect((text) => text.endsWith(octets.toString('latin1')))
    client.close()
    await server.toEnd()
  })
})

describe('a tunnel', () => {
  test('begins with the bytes that either side sent early', async () => {
    await using tunnel = await openTunnel({ early: 'early' })
    await tunnel.server.expect('\r\n\r\nearly')
    await tunnel.client.expect('\r\n\r\nearly')
    tunnel.client.close()
  })

  test('passes the end of one side on and leaves the other open', async () => {
    await using tunnel = await openTunnel()
    const { client, server } = tunnel
    server.answersFin = false
    client.send('last words').finish()
    expect(await server.toEnd()).toEndWith('last words')
    server.send('answer')
    await client.expect('answer')
    server.finish()
    await client.gone()
    expect(client.goneWith).toBeUndefined()
    expect((await tunnel.proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test.each([
    ['the client', 'client', 'server'],
    ['the server', 'server', 'client'],
  ] as const)('ends with a reset of %s', async (_, who, other) => {
    await using tunnel = await openTunnel()
    tunnel[other].answersFin = false
    tunnel[who].reset()
    await tunnel[other].gone()
    await tunnel.proxy.finished(1)
  })

  test('outlives every time-out of requests', async () => {
    const respondingTimeouts = 'entryPoints.web.transport.respondingTimeouts'
    const flags = ['readTimeout', 'writeTimeout', 'idleTimeout'].map((key) => `${respondingTimeouts}.${key}=60ms`)
    await using tunnel = await openTunnel({ flags })
    await Bun.sleep(200)
    tunnel.client.send('still here')
    await tunnel.server.expect('still here')
    tunnel.client.close()
  })

  test('slows the sender down to the pace of the reader', async () => {
    await using tunnel = await openTunnel()
    const { client, server } = tunnel
    const piece = Buffer.alloc(1024 * 1024)
    client.keepsText = false
    client.pause()
    let given = 0
    while (server.unsentBytes === 0) given += server.sendShared(piece)
    await Bun.sleep(100)
    while (server.unsentBytes === 0) given += server.sendShared(piece)
    expect(given).toBeLessThan(48 * piece.length)
    const target = client.receivedBytes + given
    client.resume()
    await client.receives(given)
    expect(client.receivedBytes).toBeLessThanOrEqual(target)
    client.close()
  })
})

describe('a refused upgrade', () => {
  test('is an answer like any other', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(handshake)
    const server = await upstream.request()
    server.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    await client.take('\r\n\r\nno')
    client.send(`GET /next HTTP/1.1\r\n${plainFields}\r\n`)
    const next = server.isGone ? await upstream.request('/next') : server
    await Promise.race([next.expect('/next'), upstream.request('/next')])
  })

  test('that comes before the whole request is no tunnel', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`POST / HTTP/1.1\r\n${plainFields}Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 10\r\n\r\nhalf`)
    const server = await upstream.request('half')
    server.send(switched)
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    await server.gone()
  })
})
