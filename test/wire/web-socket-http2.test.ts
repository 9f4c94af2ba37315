import { constants, type ClientHttp2Stream } from 'node:http2'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { settled } from '../support/eventually.ts'
import { errorCode, flag, frame, frameType, Http2Peer, literal, requestBlock } from '../support/http2-frames.ts'
import { Http2WebSocketClient } from '../support/http2-web-socket.ts'
import { runProgram } from '../support/process.ts'
import { WebSocketStage, type StagePlan } from '../support/web-socket-stage.ts'
import { WireProxy } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const enableConnectProtocol = 8
const mebibyte = 1024 * 1024

async function start(plan: StagePlan = {}) {
  const stage = await WebSocketStage.start(plan)
  const client = await Http2WebSocketClient.connect(stage.proxy.port, plan.tls !== undefined && plan.tls !== 'no TLS')
  return {
    stage,
    client,
    open: async (path = '/') => {
      const [peer, server] = await Promise.all([client.open({ path }), stage.server.accept()])
      return { peer, server }
    },
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]()
      await stage[Symbol.asyncDispose]()
    },
  }
}

/** Identifiers and values of a SETTINGS frame's payload. */
function settingsOf(payload: Buffer): Map<number, number> {
  const entries = Array.from({ length: payload.length / 6 }, (_, at) => payload.subarray(at * 6, at * 6 + 6))
  return new Map(entries.map((entry) => [entry.readUInt16BE(0), entry.readUInt32BE(2)]))
}

describe('extended CONNECT', () => {
  test('is offered in the SETTINGS, since WebSockets are served that way', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using client = await Http2Peer.connect(proxy.port)
    const settings = client.frames.find(({ type, flags }) => type === frameType.settings && flags === 0)!
    expect(settingsOf(settings.payload).get(enableConnectProtocol)).toBe(1)
  })

  test('to anything but a WebSocket is refused with 501', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using client = await Http2WebSocketClient.connect(proxy.port)
    const refused = await client.ask({ headers: { ':protocol': 'connect-udp' } })
    expect(refused.status).toBe(501)
  })

  test('with another method than CONNECT is reset with PROTOCOL_ERROR', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using client = await Http2Peer.connect(proxy.port)
    const block = Buffer.concat([literal(':protocol', 'websocket'), requestBlock()])
    client.send(frame(frameType.headers, flag.endHeaders, 1, block))
    const answer = await client.next(({ stream }) => stream === 1, 'the reset')
    expect([answer.type, errorCode(answer)]).toEqual([frameType.reset, constants.NGHTTP2_PROTOCOL_ERROR])
  })
})

describe.each(['no TLS', 'TLS on both sides'] as const)('a WebSocket on an HTTP/2 stream with %s', (tls) => {
  test('carries messages of 0 bytes to 16 MiB as they are, and pings', async () => {
    await using scene = await start({ tls })
    const { peer, server } = await scene.open('/chat?a=%20')
    expect(server.handshake.url).toBe('/chat?a=%20')
    for (const length of [0, 1, 125, 126, 65_535, 65_536, mebibyte, 16 * mebibyte]) {
      const message = Buffer.alloc(length, crypto.getRandomValues(Buffer.alloc(251)))
      peer.send(message, { binary: true })
      for (const end of [server, peer]) expect((await end.next()).bytes.equals(message)).toBe(true)
    }
    peer.socket.ping('there')
    expect([await server.nextPing(), await peer.nextPing()]).toEqual(['ping there', 'pong there'])
  }, 20_000)
})

describe('a WebSocket on an HTTP/2 stream', () => {
  test('is asked for at the server as on HTTP/1.1, and agreed on with 200', async () => {
    await using upstream = await start({ server: { perMessageDeflate: true, handleProtocols: () => 'v2' } })
    const { client, stage } = upstream
    const offer = { 'sec-websocket-extensions': 'permessage-deflate', 'sec-websocket-protocol': 'v1, v2' }
    const headers = { ...offer, origin: 'https://a.test', 'sec-websocket-key': 'not asked for' }
    const peer = await client.open({ headers })
    const seen = (await stage.server.accept()).handshake.headers
    expect(seen).toMatchObject({ ...offer, origin: 'https://a.test', connection: 'Upgrade', upgrade: 'websocket' })
    expect(seen).toMatchObject({ 'sec-websocket-version': '13', 'x-forwarded-proto': 'ws' })
    expect(seen['sec-websocket-key']).toMatch(/^[\w+/]{22}==$/)
    const agreed = { 'sec-websocket-extensions': 'permessage-deflate', 'sec-websocket-protocol': 'v2' }
    expect(peer.handshake.headers).toMatchObject(agreed)
    for (const name of ['connection', 'upgrade', 'sec-websocket-accept', 'content-length']) {
      expect(peer.handshake.headers[name]).toBeUndefined()
    }
  })

  test('is spelt for the server as RFC 6455 spells it', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    using client = await Http2WebSocketClient.connect(proxy.port)
    void client.ask({ path: '/a' }).catch(() => {})
    const server = await upstream.request()
    expect(server.text).toStartWith('GET /a HTTP/1.1\r\n')
    for (const name of ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: ', 'Upgrade: websocket\r\n']) {
      expect(server.text).toContain(`\r\n${name}`)
    }
  })

  test.each([
    ['the client', { code: 4001, reason: 'enough' }],
    ['the server', { code: 4002, reason: 'moved' }],
  ])('that %s closes is closed for the other', async (who, end) => {
    await using scene = await start()
    const { peer, server } = await scene.open()
    const one = who === 'the client' ? peer : server
    one.socket.close(end.code, end.reason)
    expect(await within(Promise.all([peer.closed, server.closed]), 'the end')).toEqual([end, end])
    expect((await scene.stage.proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
    // The connection stays for what comes next.
    expect(await (await scene.open()).peer.ask('again')).toBe('again')
  })

  test.each([
    ['a reset of its stream', (_: Scene, { socket }: Stream) => socket.destroy()],
    ['the loss of its connection', (scene: Scene) => scene.client.session.destroy()],
  ])('ends for the server with %s', async (_, cut) => {
    await using scene = await start()
    const { peer, server } = await scene.open()
    cut(scene, peer.handshake as unknown as Stream)
    expect((await within(server.closed, 'the end')).code).toBe(1006)
    await scene.stage.proxy.finished(1)
  })

  test('is reset when its server is lost', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    using client = await Http2Peer.connect(proxy.port)
    client.send(frame(frameType.headers, flag.endHeaders, 1, connectBlock()))
    const server = await agree(upstream)
    await client.next(({ type, stream }) => type === frameType.headers && stream === 1, 'the 200')
    server.reset()
    const reset = await client.next(({ type }) => type === frameType.reset, 'the reset')
    expect(errorCode(reset)).toBe(constants.NGHTTP2_CANCEL)
    client.end()
  })

  test('passes the end of one side on and leaves the other open', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    using client = await Http2Peer.connect(proxy.port)
    // What follows the CONNECT at once waits for the server to agree.
    client.send(frame(frameType.headers, flag.endHeaders, 1, connectBlock()))
    client.send(frame(frameType.data, flag.endStream, 1, Buffer.from('last words')))
    const server = await agree(upstream)
    server.answersFin = false
    expect(await server.toEnd()).toEndWith('\r\n\r\nlast words')
    server.send('answer').finish()
    await client.next(({ type, flags }) => type === frameType.data && flags === flag.endStream, 'the end')
    expect(
      Buffer.concat(
        client
          .of(1)
          .slice(1)
          .map(({ payload }) => payload),
      ).toString(),
    ).toBe('answer')
    await server.gone()
    client.end()
  })

  test.each([
    ['401 and a body', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnone', 401],
    ['a redirection', 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n', 302],
    ['200, which would mean that it is open', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 500],
    [
      'a 101 to somebody else',
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
      500,
    ],
  ])('is refused when the server answers with %s', async (_, answer, status) => {
    await using upstream = new WireUpstream((peer) => void peer.expect('\r\n\r\n').then(() => peer.send(answer)))
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    using client = await Http2WebSocketClient.connect(proxy.port)
    const refused = await client.ask()
    expect(refused.status).toBe(status)
    if (status === 401) expect((await refused.stream.toArray()).join('')).toBe('none')
    else refused.stream.resume()
    await within(new Promise((resolve) => refused.stream.on('close', resolve)), 'the end of the stream')
  })

  test('holds a sender back when the reader is slow, both ways, and other streams go on', async () => {
    await using scene = await start({ server: { echoes: false } })
    const { peer, server } = await scene.open()
    const message = Buffer.alloc(mebibyte, 'x')
    // What the client's own engine holds back is limited.
    for (const { from, to, count } of [
      { from: server, to: peer, count: 48 },
      { from: peer, to: server, count: 8 },
    ]) {
      to.socket.pause()
      for (let at = 0; at < count; at++) from.send(message)
      await settled(() => from.socket.bufferedAmount)
      expect(from.socket.bufferedAmount).toBeGreaterThan((count / 4) * mebibyte)
      const plain = await scene.client.session.request({ ':path': '/' }).toArray()
      expect(plain.join('')).toBe('plain')
      to.socket.resume()
      for (let at = 0; at < count; at++) expect((await to.next()).bytes.length).toBe(mebibyte)
    }
  }, 20_000)

  test('is one of two hundred on the same connection', async () => {
    await using scene = await start()
    const peers = await Promise.all(Array.from({ length: 200 }, () => scene.client.open()))
    const answers = await Promise.all(peers.map((peer, at) => peer.ask(`message ${at}`)))
    expect(answers).toEqual(peers.map((_, at) => `message ${at}`))
    expect(scene.stage.proxy.connectionCount).toBe(1)
  })

  test('is cut by no time-out, and ended by a shutdown after graceTimeOut, not before', async () => {
    const transport = 'entryPoints.web.transport'
    const times = ['readTimeout', 'writeTimeout', 'idleTimeout'].map((key) => `${transport}.respondingTimeouts.${key}`)
    const flags = [...times.map((key) => `${key}=100ms`), `${transport}.lifeCycle.graceTimeOut=500ms`]
    await using scene = await start({ flags })
    const { peer, server } = await scene.open()
    await Bun.sleep(250)
    expect(await peer.ask('still here')).toBe('still here')
    const startedAt = performance.now()
    const down = scene.stage.proxy.shutDown()
    await Bun.sleep(250)
    expect(await peer.ask('and now')).toBe('and now')
    await within(down, 'the end of the proxy')
    expect(performance.now() - startedAt).toBeGreaterThan(490)
    await within(Promise.all([peer.closed, server.closed]), 'the end at both sides')
  })

  test.skipIf(Bun.which('node') === null)('is opened by the HTTP/2 of Node.js with npm’s ws on it', async () => {
    await using scene = await start()
    const { code, stdout, stderr } = await runProgram(['node', '-e', nodeClient, String(scene.stage.proxy.port)], {
      cwd: `${import.meta.dir}/../..`,
    })
    expect([stderr, stdout, code]).toEqual(['', '0 1 65535 65536 1048576 closed 4001 bye\n', 0])
  })
})

type Scene = Awaited<ReturnType<typeof start>>
type Stream = { readonly socket: ClientHttp2Stream }

function connectBlock(): Buffer {
  return Buffer.concat([literal(':protocol', 'websocket'), requestBlock({ method: 'CONNECT', path: '/chat' })])
}

/** Lets the server agree to the handshake that comes next. */
async function agree(upstream: WireUpstream) {
  const server = await upstream.request()
  const key = /Sec-WebSocket-Key: (\S+)/.exec(server.text)![1]
  const accept = new Bun.CryptoHasher('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  server.send(
    `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  return server
}

/** For Node.js, whose protocol engines are not Bun's. */
const nodeClient = `
const WebSocket = require('ws')
const session = require('node:http2').connect('http://127.0.0.1:' + process.argv[1])
session.once('remoteSettings', ({ enableConnectProtocol }) => {
  if (!enableConnectProtocol) throw new Error('not offered')
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', 'sec-websocket-version': '13' }
  const stream = session.request(fields, { endStream: false })
  stream.on('response', () => {
    const socket = new WebSocket(null, undefined, { closeTimeout: 5000 })
    socket._isServer = false
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 2 ** 25, allowSynchronousEvents: true })
    const messages = [0, 1, 65535, 65536, 1048576].map((length) => Buffer.alloc(length, 'x'))
    const said = []
    const next = () => messages.length > said.length ? socket.send(messages[said.length]) : socket.close(4001, 'bye')
    socket.on('message', (bytes) => {
      said.push(bytes.equals(messages[said.length]) ? bytes.length : 'wrong')
      next()
    })
    socket.on('close', (code, reason) => {
      console.log(...said, 'closed', code, String(reason))
      session.close()
    })
    next()
  })
})
`
