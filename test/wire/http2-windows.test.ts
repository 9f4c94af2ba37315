import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { errorCode, flag, frame, frameType, Http2Peer, requestBlock } from '../support/http2-frames.ts'
import { blackHole } from '../support/black-hole.ts'
import { WireProxy } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** DATA of the greatest size; so many are a stream's window. */
const full = Buffer.alloc(16_384, 'x')
const framesOfWindow = 16

function post(stream: number, path = '/'): Buffer {
  return frame(frameType.headers, flag.endHeaders, stream, requestBlock({ method: 'POST', path }))
}

function upload(stream: number, frames: number): Buffer {
  return Buffer.concat(Array.from({ length: frames }, () => frame(frameType.data, 0, stream, full)))
}

describe('An upload that nobody reads', () => {
  async function start() {
    const hole = await blackHole()
    const upstream = new WireUpstream()
    const proxy = await WireProxy.start({
      dynamic: `
http:
  routers:
    stuck: { rule: "PathPrefix(\`/stuck\`)", service: stuck }
    free: { rule: "PathPrefix(\`/free\`)", service: free }
  services:
    stuck: { loadBalancer: { servers: [{ url: "${hole.url}" }] } }
    free: { loadBalancer: { servers: [{ url: "${upstream.url}" }] } }
`,
    })
    const client = await Http2Peer.connect(proxy.port)
    return {
      upstream,
      client,
      [Symbol.asyncDispose]: async () => {
        client[Symbol.dispose]()
        await proxy[Symbol.asyncDispose]()
        await upstream[Symbol.asyncDispose]()
        await hole[Symbol.asyncDispose]()
      },
    }
  }

  test('gets no more than its window, and does not stop another one', async () => {
    await using peers = await start()
    const { client } = peers
    client.send(post(1, '/stuck'), upload(1, framesOfWindow), post(3, '/free'), upload(3, framesOfWindow))
    client.send(frame(frameType.data, flag.endStream, 3))
    const server = await peers.upstream.request('\r\n0\r\n\r\n')
    server.send(okay)
    await client.next(({ type, stream }) => type === frameType.data && stream === 3, 'the answer to the other')
    expect(client.of(1)).toEqual([])
  })

  test('is reset when it goes beyond that, and nothing else is', async () => {
    await using peers = await start()
    const { client } = peers
    client.send(post(1, '/stuck'), upload(1, framesOfWindow + 1), post(3, '/free'))
    const reset = await client.next(({ type, stream }) => type === frameType.reset && stream === 1, 'the reset')
    expect(errorCode(reset)).toBe(3)
    client.send(frame(frameType.data, flag.endStream, 3))
    const server = await peers.upstream.request()
    server.send(okay)
    await client.next(({ type, stream }) => type === frameType.data && stream === 3, 'the answer to the other')
  })
})

describe('Windows that a client changes while an answer waits', () => {
  test('are reckoned with, below zero too', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    // A first window of 10 octets.
    using client = await Http2Peer.connect(proxy.port, initialWindow(10))
    client.send(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, requestBlock()))
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz')
    await client.next(({ payload }) => payload.toString() === 'abcdefghij', 'the first ten octets')
    // -7; then 1, and then the rest.
    client.send(frame(frameType.settings, 0, 0, initialWindow(3)), window(1, 8))
    await client.next(({ payload }) => payload.toString() === 'k', 'one more')
    client.send(frame(frameType.settings, 0, 0, initialWindow(100)))
    const last = await client.next(({ payload }) => payload.toString() === 'lmnopqrstuvwxyz', 'the rest')
    expect(last.flags).toBe(flag.endStream)
  })
})

describe('A download that its client does not read', () => {
  test('does not stop another client’s over the same connection to the server', async () => {
    const size = 32 * 1024 * 1024
    let sessions = 0
    const server = createServer({ maxSessionMemory: 100 }, (request, response) => {
      response.writeHead(200)
      response.end(request.url === '/big' ? Buffer.alloc(size) : 'small')
    })
    server.on('session', () => (sessions += 1))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${port}`] })
    const slow = await proxy.connect()
    slow.keepsText = false
    slow.send('GET /big HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await slow.receives(1)
    slow.pause()
    for (let turn = 0; turn < 5; turn++) {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/small`, { keepalive: false })
      expect(await answer.text()).toBe('small')
    }
    expect(sessions).toBe(1)
    slow.resume()
    await slow.receives(size, 10_000)
    slow.close()
    server.close()
  })
})

function initialWindow(bytes: number): Buffer {
  return Buffer.from([0, 4, 0, 0, 0, bytes])
}

function window(stream: number, bytes: number): Buffer {
  return frame(frameType.window, 0, stream, Buffer.of(0, 0, 0, bytes))
}
