import { createHash } from 'node:crypto'
import { createConnection } from 'node:net'
import { beforeAll, describe, expect, test } from 'bun:test'
import { craftHello, serverName } from '../listen/client-hellos.ts'
import { within } from '../provider/within.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { buildExecutable, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const hello = craftHello({ extensions: [serverName('pass.test')] })

async function passthroughTo(address: string) {
  return startProxy({
    dynamic: {
      tcp: {
        routers: { pass: { rule: 'HostSNI(`pass.test`)', service: 'app', tls: { passthrough: true } } },
        services: { app: { loadBalancer: { servers: [{ address }] } } },
      },
    },
  })
}

const megabyte = 1024 * 1024
const block = crypto.getRandomValues(new Uint8Array(65_536))

/** Sends `bytes` bytes as fast as the peer takes them. Gives their hash. */
async function send({ socket }: RawClient, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  for (let sent = 0; sent < bytes; sent += block.length) {
    block[sent % block.length] = (sent >> 16) & 255
    const piece = Buffer.from(block)
    hash.update(piece)
    if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve))
  }
  return hash.digest('hex')
}

describe('TLS passthrough', () => {
  test('carries 50 MB in each direction, byte for byte, at the same time', async () => {
    using server = await rawServer()
    await using proxy = await passthroughTo(server.address)
    const client = createConnection({ port: proxy.port(), host: '127.0.0.1', allowHalfOpen: true })
    client.write(hello)
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.length >= hello.length)
    expect(accepted.bytes).toEqual(hello)
    const received = createHash('sha256')
    client.on('data', (bytes) => received.update(bytes))
    const upstream = createHash('sha256')
    accepted.socket.on('data', (bytes) => upstream.update(bytes))
    const both = Promise.all([send({ socket: client } as RawClient, 50 * megabyte), send(accepted, 50 * megabyte)])
    const [up, down] = await within(both, '100 MB', 20_000)
    client.end()
    await within(accepted.ended, 'the FIN of the client')
    const gone = new Promise((resolve) => client.once('close', resolve))
    accepted.end()
    await within(gone, 'the FIN of the server')
    expect(upstream.digest('hex')).toBe(up)
    expect(received.digest('hex')).toBe(down)
  }, 30_000)

  test('hands on a client’s half-close and still brings the answer', async () => {
    using server = await rawServer()
    await using proxy = await passthroughTo(server.address)
    using client = await rawClient(proxy.port())
    client.write(hello)
    client.end()
    const accepted = await server.accept()
    await within(accepted.ended, 'the FIN')
    expect(accepted.bytes).toEqual(hello)
    // Later than any time that an implementation might give the other side.
    await Bun.sleep(300)
    accepted.write('the answer after the FIN')
    await client.waitFor(/the answer after the FIN/)
    accepted.end()
    await within(client.ended, 'the end')
  })

  test('hands on a server’s half-close and still takes what the client sends', async () => {
    using server = await rawServer()
    await using proxy = await passthroughTo(server.address)
    using client = await rawClient(proxy.port())
    client.write(hello)
    const accepted = await server.accept()
    accepted.write('bye')
    accepted.end()
    await within(client.ended, 'the FIN')
    expect(client.text).toBe('bye')
    client.write('not yet')
    await accepted.waitFor(/not yet$/)
    client.end()
    await within(accepted.closed, 'the end')
  })

  test('cuts the other side when one resets', async () => {
    using server = await rawServer()
    await using proxy = await passthroughTo(server.address)
    using client = await rawClient(proxy.port())
    client.write(hello)
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.length >= hello.length)
    accepted.socket.resetAndDestroy()
    await within(client.closed, 'the end of the client')
  })

  test('holds a sender back while nobody reads, in bounded memory', async () => {
    using server = await rawServer()
    await using proxy = await passthroughTo(server.address)
    using client = await rawClient(proxy.port())
    client.write(hello)
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.length >= hello.length)
    accepted.socket.pause()
    const before = await residentBytes(proxy.sluice.pid)
    let isHeldBack = false
    for (let sent = 0; sent < 200 * megabyte && !isHeldBack; sent += block.length) {
      if (client.socket.write(block)) continue
      const drained = new Promise<boolean>((resolve) => client.socket.once('drain', () => resolve(true)))
      isHeldBack = !(await Promise.race([drained, Bun.sleep(500).then(() => false)]))
    }
    expect(isHeldBack).toBe(true)
    const grown = (await residentBytes(proxy.sluice.pid)) - before
    expect(grown).toBeLessThan(16 * megabyte)
    accepted.socket.resume()
    await within(new Promise<void>((resolve) => client.socket.once('drain', resolve)), 'going on', 5000)
  })

  test('closes the client when the server is not there, and says so in the log', async () => {
    const server = await rawServer()
    server[Symbol.dispose]()
    await using proxy = await passthroughTo(server.address)
    using client = await rawClient(proxy.port())
    client.write(hello)
    await within(client.ended, 'the end')
    await proxy.sluice.waitFor(new RegExp(`${server.address}.*upstream\\.refused`))
  })
})
