import { describe, expect, test } from 'bun:test'
import { settled } from '../support/eventually.ts'
import { npmWs } from '../support/npm-ws.ts'
import { tlsSides, WebSocketStage } from '../support/web-socket-stage.ts'

const mebibyte = 1024 * 1024
/** Around the borders of RFC 6455's three ways to tell a length. */
const lengths = [0, 1, 125, 126, 65_535, 65_536, mebibyte, 16 * mebibyte]

function someBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/** Characters of one to four octets. */
function someText(length: number): Buffer {
  const pattern = Buffer.from('añ€😀-')
  const whole = Buffer.alloc(length, '.')
  for (let at = 0; at + pattern.length <= length; at += pattern.length) pattern.copy(whole, at)
  return whole
}

describe('the WebSocket of these tests', () => {
  test('is npm’s and not the one that the platform gives for its name', async () => {
    const { stack } = await failure(() => new npmWs.WebSocket('ftp://a.test', [], {}))
    expect(stack).toContain('node_modules/ws/lib/websocket.js')
    const byName = (await import('ws' as string)) as typeof npmWs
    expect(npmWs.WebSocket).not.toBe(byName.WebSocket)
    expect(npmWs.WebSocketServer).not.toBe(byName.WebSocketServer)
  })
})

describe.each(tlsSides)('a WebSocket with %s', (tls) => {
  test.each([
    ['binary', someBytes],
    ['text', someText],
  ] as const)(
    'carries %s messages of 0 bytes to 16 MiB as they are',
    async (kind, make) => {
      await using stage = await WebSocketStage.start({ tls })
      const { client, server } = await stage.open()
      const isBinary = kind === 'binary'
      for (const length of lengths) {
        const message = make(length)
        client.send(message, { binary: isBinary })
        for (const peer of [server, client]) {
          const { bytes, isBinary: cameBinary } = await peer.next()
          expect([cameBinary, bytes.length, bytes.equals(message)]).toEqual([isBinary, length, true])
        }
      }
    },
    20_000,
  )

  test('carries pings and pongs both ways, and fragments with a ping between them', async () => {
    await using stage = await WebSocketStage.start({ tls })
    const { client, server } = await stage.open()
    client.socket.ping('from the client')
    expect(await server.nextPing()).toBe('ping from the client')
    expect(await client.nextPing()).toBe('pong from the client')
    server.socket.ping('from the server')
    expect(await client.nextPing()).toBe('ping from the server')
    expect(await server.nextPing()).toBe('pong from the server')
    const pieces = Array.from({ length: 50 }, (_, at) => someBytes(at * 100))
    pieces.forEach((piece, at) => {
      client.send(piece, { fin: at === pieces.length - 1, binary: true })
      if (at === 20) client.socket.ping('between')
    })
    expect(await server.nextPing()).toBe('ping between')
    expect((await client.next()).bytes.equals(Buffer.concat(pieces))).toBe(true)
  })

  test('holds a sender back when the reader is slow, both ways', async () => {
    await using stage = await WebSocketStage.start({ tls, server: { echoes: false } })
    const { client, server } = await stage.open()
    for (const [from, to] of [
      [server, client],
      [client, server],
    ] as const) {
      const message = Buffer.alloc(mebibyte, 'x')
      const count = 48
      to.socket.pause()
      for (let at = 0; at < count; at++) from.send(message)
      await settled(() => from.socket.bufferedAmount)
      // What the sender does not hold any more is in the kernel's buffers and in the proxy.
      expect(count * mebibyte - from.socket.bufferedAmount).toBeLessThan(24 * mebibyte)
      to.socket.resume()
      for (let at = 0; at < count; at++) expect((await to.next()).bytes.length).toBe(mebibyte)
    }
  }, 20_000)
})

describe('the handshake', () => {
  test('leaves the negotiation of compression to both ends', async () => {
    const perMessageDeflate = { serverNoContextTakeover: true, serverMaxWindowBits: 10, threshold: 0 }
    await using stage = await WebSocketStage.start({ server: { perMessageDeflate } })
    const offer = { clientNoContextTakeover: true, serverMaxWindowBits: 11, threshold: 0 }
    const { client, server } = await stage.open({ perMessageDeflate: offer })
    expect(server.handshake.headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits',
    )
    expect(client.handshake.headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=10; server_no_context_takeover',
    )
    expect([client.socket.extensions, server.socket.extensions]).toEqual(['permessage-deflate', 'permessage-deflate'])
    const message = someText(300_000)
    for (let time = 0; time < 3; time++) {
      client.send(message, { binary: false, compress: true })
      expect((await client.next()).bytes.equals(message)).toBe(true)
    }
  })

  test('leaves the choice of a subprotocol to the server', async () => {
    const handleProtocols = (offered: Set<string>) => [...offered].at(-1)!
    await using stage = await WebSocketStage.start({ server: { handleProtocols } })
    const { client, server } = await stage.open({ protocols: ['chat.v1', 'chat.v2'] })
    expect(server.handshake.headers['sec-websocket-protocol']).toBe('chat.v1,chat.v2')
    expect([client.socket.protocol, server.socket.protocol]).toEqual(['chat.v2', 'chat.v2'])
  })

  test('passes path, query, cookies and origin', async () => {
    await using stage = await WebSocketStage.start()
    const headers = { Cookie: 'a=b; c=d', Origin: 'https://shop.test' }
    const { server } = await stage.open({ path: '/chat/%2Froom?token=%20', headers })
    expect(server.handshake.url).toBe('/chat/%2Froom?token=%20')
    expect(server.handshake.headers).toMatchObject({ cookie: 'a=b; c=d', origin: 'https://shop.test' })
  })

  test.each([
    [400, { 'X-Why': 'no room' }, 'this room is closed'],
    [200, { 'Content-Type': 'text/html' }, '<p>a page</p>'],
    [426, { 'Sec-WebSocket-Version': '14' }, ''],
  ])('that the server answers with %d gets that answer', async (status, fields, body) => {
    await using stage = await WebSocketStage.start()
    stage.server.refuseWith({ status, fields, body })
    const refusal = await stage.refused()
    expect([refusal.status, refusal.body]).toEqual([status, body])
    for (const [name, value] of Object.entries(fields)) expect(refusal.headers[name.toLowerCase()]).toBe(value)
  })
})

describe('a thousand WebSockets', () => {
  test('at once each get their own messages', async () => {
    await using stage = await WebSocketStage.start()
    const clients = await Promise.all(Array.from({ length: 1000 }, () => stage.connect()))
    expect(stage.server.peers).toHaveLength(1000)
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(clients.map((client, at) => client.ask(`${round}: ${at}`)))
      expect(answers).toEqual(clients.map((_, at) => `${round}: ${at}`))
    }
    for (const client of clients) client.socket.close(1000)
    const codes = await Promise.all(clients.map((client) => client.closed))
    expect(codes.every(({ code }) => code === 1000)).toBe(true)
  }, 20_000)
})

async function failure(attempt: () => unknown): Promise<Error> {
  try {
    attempt()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
