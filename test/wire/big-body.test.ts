import { describe, expect, test } from 'bun:test'
import { bigBodyBytes, bigBodyDeadlineMs, megabyte, mostGrowthBytes, mostInFlightBytes } from '../support/big-body.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { plainFields, ways } from '../support/proxy.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const piece = Buffer.alloc(megabyte)

/** Sends the body while the other end stands still, then lets that go on. Gives how much the proxy grew at most. */
async function pour(from: WirePeer, to: WirePeer, pid: number): Promise<number> {
  const before = await residentBytes(pid)
  const target = to.receivedBytes + bigBodyBytes
  to.keepsText = false
  to.pause()
  let given = 0
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  await Bun.sleep(200)
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  expect(given).toBeLessThan(mostInFlightBytes)
  to.resume()
  let peak = before
  while (given < bigBodyBytes) {
    await from.sent()
    given += from.sendShared(piece)
    peak = Math.max(peak, await residentBytes(pid))
  }
  await to.receives(target, bigBodyDeadlineMs)
  return Math.max(peak, await residentBytes(pid)) - before
}

describe.each(ways)('a big body over %s', (way) => {
  test(
    'comes down in constant memory past a reader that stands still',
    async () => {
      await using upstream = new WireUpstream()
      await using proxy = await startProxyProcess(way, upstream.url)
      const client = await WirePeer.connect(proxy.port)
      client.send(`GET / HTTP/1.1\r\n${plainFields}\r\n`)
      const server = await upstream.request()
      server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bigBodyBytes}\r\n\r\n`)
      await client.expect('\r\n\r\n')
      expect(await pour(server, client, proxy.pid)).toBeLessThan(mostGrowthBytes)
      client.close()
    },
    2 * bigBodyDeadlineMs,
  )

  test(
    'goes up in constant memory past a server that stands still',
    async () => {
      await using upstream = new WireUpstream()
      await using proxy = await startProxyProcess(way, upstream.url)
      const client = await WirePeer.connect(proxy.port)
      client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: ${bigBodyBytes + 1}\r\n\r\nx`)
      const server = await upstream.request('\r\n\r\n')
      // One octet has gone ahead.
      expect(await pour(client, server, proxy.pid)).toBeLessThan(mostGrowthBytes)
      server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      await client.expect('ok')
      client.close()
    },
    2 * bigBodyDeadlineMs,
  )
})
