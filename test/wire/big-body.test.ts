import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { startProgram } from '../support/process.ts'
import { dynamicText, plainFields, ways, type Way } from '../support/proxy.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { parseReadyLine } from '../support/sluice.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const megabyte = 1024 * 1024
const size = 200 * megabyte
const piece = Buffer.alloc(megabyte)
/** Sockets of both connections may hold some megabytes each; nobody in between may hold more. */
const mostInFlight = 48 * megabyte
const mostGrowth = 64 * megabyte

/** A proxy in a process of its own, whose memory is then its own too. */
async function startProxy(way: Way, server: string) {
  const folder = await temporaryFolder()
  const dynamicFile = await folder.write('dynamic.yaml', dynamicText({ servers: [server] }))
  const flags = ['entryPoints.web.address=127.0.0.1:0', `providers.file.filename=${dynamicFile}`]
  if (way === 'socket') flags.push('experimental.fastProxy=true')
  const main = join(import.meta.dir, '../../src/main.ts')
  const program = startProgram([process.execPath, main, ...flags.map((flag) => `--${flag}`)])
  const ready = await program.waitFor(/^sluice ready:(.*)$/m)
  return {
    pid: program.pid,
    port: parseReadyLine(ready[1]!)['web']!,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Sends the body while the other end stands still, then lets that go on. Gives how much the proxy grew at most. */
async function pour(from: WirePeer, to: WirePeer, pid: number): Promise<number> {
  const before = await residentBytes(pid)
  const target = to.receivedBytes + size
  to.keepsText = false
  to.pause()
  let given = 0
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  await Bun.sleep(200)
  while (from.unsentBytes === 0) given += from.sendShared(piece)
  expect(given).toBeLessThan(mostInFlight)
  to.resume()
  let peak = before
  while (given < size) {
    await from.sent()
    given += from.sendShared(piece)
    peak = Math.max(peak, await residentBytes(pid))
  }
  await to.receives(target, 10_000)
  return Math.max(peak, await residentBytes(pid)) - before
}

describe.each(ways)('a big body over %s', (way) => {
  test('comes down in constant memory past a reader that stands still', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startProxy(way, upstream.url)
    const client = await WirePeer.connect(proxy.port)
    client.send(`GET / HTTP/1.1\r\n${plainFields}\r\n`)
    const server = await upstream.request()
    server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    await client.expect('\r\n\r\n')
    expect(await pour(server, client, proxy.pid)).toBeLessThan(mostGrowth)
    client.close()
  }, 20_000)

  test('goes up in constant memory past a server that stands still', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startProxy(way, upstream.url)
    const client = await WirePeer.connect(proxy.port)
    client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: ${size + 1}\r\n\r\nx`)
    const server = await upstream.request('\r\n\r\n')
    // One octet has gone ahead.
    expect(await pour(client, server, proxy.pid)).toBeLessThan(mostGrowth)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await client.expect('ok')
    client.close()
  }, 20_000)
})
