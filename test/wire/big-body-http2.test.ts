import { connect, createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { describe, expect, test } from 'bun:test'
import { bigBodyBytes, bigBodyDeadlineMs, megabyte, mostGrowthBytes, mostInFlightBytes } from '../support/big-body.ts'
import { flag, frame, frameType, requestBlock } from '../support/http2-frames.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { plainFields } from '../support/proxy.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const piece = Buffer.alloc(megabyte / 4, 'x')

/** Windows so wide that none has to be opened again: who says this reads as fast as its socket does. */
const wideWindows = Buffer.concat([
  frame(frameType.settings, 0, 0, Buffer.of(0, 4, 0x7f, 255, 255, 255)),
  frame(frameType.window, 0, 0, Buffer.of(0x7f, 255, 0, 0)),
])
const requests = {
  'HTTP/1': `GET / HTTP/1.1\r\n${plainFields}\r\n`,
  'HTTP/2': Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    wideWindows,
    frame(frameType.headers, flag.endHeaders | flag.endStream, 1, requestBlock()),
  ]),
}

interface Count {
  given: number
}

/** Writes the body as fast as it is taken. */
function pourStream(to: Writable, count: Count): void {
  while (count.given < bigBodyBytes) {
    count.given += piece.length
    if (to.write(piece)) continue
    return void to.once('drain', () => pourStream(to, count))
  }
  to.end()
}

async function pourPeer(to: WirePeer, count: Count): Promise<void> {
  while (count.given < bigBodyBytes && !to.isGone) {
    count.given += to.sendShared(piece)
    await to.sent()
  }
}

/** Lets the reader go on after a rest in which it took nothing. Gives how much the proxy grew at most. */
async function growth(pid: number, { reader, count }: { reader: WirePeer; count: Count }): Promise<number> {
  const before = await residentBytes(pid)
  reader.keepsText = false
  for (let last = -1; count.given === 0 || count.given !== last; await Bun.sleep(150)) last = count.given
  expect(count.given).toBeLessThan(mostInFlightBytes)
  reader.resume()
  let peak = before
  const deadline = performance.now() + bigBodyDeadlineMs
  while (reader.receivedBytes < bigBodyBytes && performance.now() < deadline) {
    peak = Math.max(peak, await residentBytes(pid))
    await Bun.sleep(5)
  }
  expect(reader.receivedBytes).toBeGreaterThanOrEqual(bigBodyBytes)
  return Math.max(peak, await residentBytes(pid)) - before
}

/** An HTTP/2 server of the platform. */
async function h2cServer(answer: (stream: ServerHttp2Stream) => void) {
  const server = createServer()
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    answer(stream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `h2c://127.0.0.1:${port}`, [Symbol.dispose]: () => server.close() }
}

/** A client that has asked for the body, and reads nothing of it yet. */
async function restingReader(port: number, version: keyof typeof requests): Promise<WirePeer> {
  const reader = await WirePeer.connect(port)
  reader.keepsText = false
  reader.send(requests[version])
  reader.pause()
  return reader
}

describe('a big download takes constant memory past a reader that stands still', () => {
  test.each(['HTTP/1', 'HTTP/2'] as const)(
    'from an h2c server to an %s client',
    async (version) => {
      const count = { given: 0 }
      using server = await h2cServer((stream) => {
        stream.respond({ ':status': 200 })
        pourStream(stream, count)
      })
      await using proxy = await startProxyProcess('fetch', server.url)
      const reader = await restingReader(proxy.port, version)
      expect(await growth(proxy.pid, { reader, count })).toBeLessThan(mostGrowthBytes)
      reader.close()
    },
    2 * bigBodyDeadlineMs,
  )

  test.each(['fetch', 'socket'] as const)(
    'over %s to an HTTP/2 client',
    async (way) => {
      const count = { given: 0 }
      await using upstream = new WireUpstream()
      await using proxy = await startProxyProcess(way, upstream.url)
      const reader = await restingReader(proxy.port, 'HTTP/2')
      const server = await upstream.request()
      server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bigBodyBytes}\r\n\r\n`)
      const poured = pourPeer(server, count)
      expect(await growth(proxy.pid, { reader, count })).toBeLessThan(mostGrowthBytes)
      await poured
      reader.close()
    },
    2 * bigBodyDeadlineMs,
  )
})

describe('a big upload takes constant memory past a server that stands still', () => {
  /** An h2c server that opens its windows and then reads nothing until it is told to. */
  async function restingServer(upstream: WireUpstream): Promise<WirePeer> {
    const server = await upstream.request('SM\r\n\r\n')
    server.send(wideWindows)
    await server.expect('x-real-ip')
    server.pause()
    return server
  }

  test(
    'from an HTTP/1 client to an h2c server',
    async () => {
      const count = { given: 0 }
      await using upstream = new WireUpstream()
      await using proxy = await startProxyProcess('fetch', `h2c://127.0.0.1:${upstream.port}`)
      const client = await WirePeer.connect(proxy.port)
      client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: ${bigBodyBytes}\r\n\r\n`)
      const reader = await restingServer(upstream)
      const poured = pourPeer(client, count)
      expect(await growth(proxy.pid, { reader, count })).toBeLessThan(mostGrowthBytes)
      await poured
      client.close()
    },
    2 * bigBodyDeadlineMs,
  )

  test.each(['h2c', 'http'] as const)(
    'from an HTTP/2 client to an %s server',
    async (scheme) => {
      const count = { given: 0 }
      await using upstream = new WireUpstream()
      await using proxy = await startProxyProcess('fetch', `${scheme}://127.0.0.1:${upstream.port}`)
      const session = connect(`http://127.0.0.1:${proxy.port}`)
      session.on('error', () => {})
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.on('error', () => {})
      const reader = scheme === 'h2c' ? await restingServer(upstream) : await upstream.request()
      reader.pause()
      pourStream(stream, count)
      expect(await growth(proxy.pid, { reader, count })).toBeLessThan(mostGrowthBytes)
      session.destroy()
    },
    2 * bigBodyDeadlineMs,
  )
})
