import { createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'bun:test'
import { settled } from '../support/eventually.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { TlsAuthority, type TestCertificate } from '../support/tls-authority.ts'
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

  test.each(['the server', 'the client'])(
    'begins with the last words of %s, sent with its FIN and all at once',
    async (who) => {
      await using upstream = new WireUpstream()
      await using proxy = await WireProxy.start({ servers: [upstream.url] })
      const client = await proxy.connect()
      const words = 'last words '.repeat(4000)
      client.send(handshake + (who === 'the client' ? words : ''))
      if (who === 'the client') client.finish()
      const server = await upstream.request()
      server.send(switched + (who === 'the server' ? words : ''))
      if (who === 'the server') server.finish()
      const listener = who === 'the server' ? client : server
      expect((await listener.toEnd()).endsWith(`\r\n\r\n${words}`)).toBe(true)
      await client.gone()
      await server.gone()
    },
  )

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
  ] as const)('loses nothing of a long answer to the end of %s, however slowly it is read', async (_, who, other) => {
    await using tunnel = await openTunnel()
    const asking = tunnel[who]
    const answering = tunnel[other]
    answering.answersFin = false
    asking.keepsText = false
    const before = asking.receivedBytes
    asking.finish()
    asking.pause()
    await answering.toEnd()
    const answer = Buffer.alloc(12 * 1024 * 1024)
    answering.sendShared(answer)
    answering.finishWhenSent()
    await settled(() => answering.unsentBytes)
    asking.resume()
    await asking.gone()
    expect(asking.receivedBytes - before).toBe(answer.length)
    expect(asking.goneWith).toBeUndefined()
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

  test.each([
    ['the server', 'the client'],
    ['the client', 'the server'],
  ])('slows %s down to the pace of %s', async (sender) => {
    await using tunnel = await openTunnel()
    const isDownwards = sender === 'the server'
    const [client, server] = isDownwards ? [tunnel.client, tunnel.server] : [tunnel.server, tunnel.client]
    const piece = Buffer.alloc(1024 * 1024)
    const pieces = 48
    client.keepsText = false
    client.pause()
    const before = client.receivedBytes
    for (let at = 0; at < pieces; at++) server.sendShared(piece)
    await settled(() => server.unsentBytes)
    expect(pieces * piece.length - server.unsentBytes).toBeLessThan(24 * piece.length)
    client.resume()
    await client.receives(before + pieces * piece.length)
    await server.sent()
    expect(client.receivedBytes).toBe(before + pieces * piece.length)
    client.close()
  })
})

describe('an upgrade at a TLS server', () => {
  test('loses nothing of what comes right behind the 101', async () => {
    const authority = await TlsAuthority.create('upgrade tests')
    const issued = await authority.issue({ names: [{ type: 'dns', value: 'localhost' }] })
    const piece = Buffer.alloc(16_000, 'abcdefg')
    const pieces = 100
    await using upstream = await tlsServer(issued, (socket) => {
      socket.write(switched)
      for (let at = 0; at < pieces; at++) socket.write(piece)
      socket.end()
    })
    await using proxy = await WireProxy.start({
      servers: [upstream.url],
      flags: ['serversTransport.insecureSkipVerify=true'],
    })
    const client = await proxy.connect()
    client.send(handshake)
    const text = await client.toEnd()
    const came = text.slice(text.indexOf('\r\n\r\n') + 4)
    expect([came.length, came === piece.toString().repeat(pieces)]).toEqual([pieces * piece.length, true])
    client.close()
  })
})

/** Calls `answer` once for each request head that has come. */
async function tlsServer(certificate: TestCertificate, answer: (socket: TLSSocket) => void) {
  const server = createServer(certificate, (socket) => {
    socket.once('data', () => answer(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a numeric address')
  return {
    url: `https://localhost:${address.port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

describe.each(['IRC/6.9', 'tcp', 'HTTP/2.0, SHTTP/1.3', 'made-up!'])('an upgrade to %s', (protocols) => {
  const asking = `GET / HTTP/1.1\r\n${plainFields}Connection: Upgrade\r\nUpgrade: ${protocols}\r\n\r\n`

  test.each(protocols.split(', '))('is agreed on as %s', async (agreed) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(asking)
    const server = await upstream.request(`Connection: Upgrade\r\nUpgrade: ${protocols}\r\n`)
    server.send(`HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: ${agreed.toLowerCase()}\r\n\r\n`)
    await client.take(`\r\nConnection: Upgrade\r\nUpgrade: ${agreed.toLowerCase()}\r\n`)
    client.send('\0\xff')
    await server.expect('\0\xff')
    server.send('\xff\0')
    await client.expect('\xff\0')
    client.close()
    await server.gone()
  })

  test.each([
    ['to another protocol', 'Connection: upgrade\r\nUpgrade: other\r\n'],
    ['to nothing', ''],
    ['without Connection', `Upgrade: ${protocols}\r\n`],
  ])('is not taken for agreed on when the server switches %s', async (_, fields) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(asking)
    const server = await upstream.request()
    server.send(`HTTP/1.1 101 Switching\r\n${fields}\r\n`)
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    await server.gone()
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

describe('an upgrade to h2c', () => {
  test.each([
    ['is not passed on', 'h2c', undefined],
    ['leaves the other protocols that are offered', 'h2c, websocket', 'Upgrade: websocket\r\n'],
  ])('%s', async (_, offered, passed) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    const asked = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${offered}\r\nHTTP2-Settings: AAMAAABk\r\n`
    client.send(`GET / HTTP/1.1\r\n${plainFields}${asked}\r\n`)
    const server = await upstream.request()
    expect(server.text).not.toMatch(/h2c|http2-settings/i)
    if (passed === undefined) expect(server.text).not.toMatch(/^upgrade:/im)
    else expect(server.text).toContain(passed)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await client.expect('\r\n\r\nok')
  })
})
