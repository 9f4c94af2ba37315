import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const megabyte = 1024 * 1024
const size = 200 * megabyte
const piece = Buffer.alloc(megabyte)
/** Sockets of both connections may hold some megabytes each; nobody in between may hold more. */
const mostInFlight = 48 * megabyte
const mostGrowth = 64 * megabyte

/** The other end, in a process of its own, standing still until `go`. */
function startBulkPeer(...words: string[]) {
  const command = [process.execPath, join(import.meta.dir, '../support/bulk-peer.ts'), ...words]
  const child = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe' })
  const output = child.stdout.getReader()
  return {
    go: () => void child.stdin.write('go\n'),
    line: async () => new TextDecoder().decode((await output.read()).value),
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}

/** Sends the body while the other end stands still, then lets that go on. Gives how much memory was needed at most. */
async function pour(from: WirePeer, peer: ReturnType<typeof startBulkPeer>): Promise<number> {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  let peak = before
  let given = 0
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  await Bun.sleep(200)
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  expect(given).toBeLessThan(mostInFlight)
  peer.go()
  while (given < size) {
    await from.sent()
    given += from.sendShared(piece)
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  expect(await peer.line()).toBe('done\n')
  return Math.max(peak, process.memoryUsage.rss()) - before
}

describe.each(ways)('a big body over %s', (way) => {
  test('comes down in constant memory past a reader that stands still', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    await using client = startBulkPeer('connect', `${proxy.port}`, `${size}`, `GET / HTTP/1.1\r\n${plainFields}\r\n`)
    const server = await upstream.request()
    server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    expect(await pour(server, client)).toBeLessThan(mostGrowth)
    expect((await proxy.finished(1)).responseBytes).toBe(size)
  }, 20_000)

  test('goes up in constant memory past a server that stands still', async () => {
    await using server = startBulkPeer('listen', `${size}`, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const [, port] = (await server.line()).split(' ')
    await using proxy = await WireProxy.start({ way, servers: [`http://127.0.0.1:${Number(port)}`] })
    const client = await proxy.connect()
    client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: ${size}\r\n\r\n`)
    expect(await pour(client, server)).toBeLessThan(mostGrowth)
    await client.expect('ok')
    expect((await proxy.finished(1)).requestBytes).toBe(size)
  }, 20_000)
})
