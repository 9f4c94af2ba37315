import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { TlsAuthority } from '../support/tls-authority.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'

/** More than the buffers of the sockets on the way can hold. */
const size = 24 * 1024 * 1024 + 17
/** No stretch of it comes twice, so that a lost, doubled or overwritten piece shows. */
const pattern = Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, at) => at).buffer).subarray(0, size)
/** How long a reader stands still, so that the sender's bytes wait everywhere on the way. */
const stillMs = 500

/** What comes until so many bytes are there behind the head, read late. */
async function readLate(socket: TLSSocket, bodyBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let missing = Infinity
  await pause(stillMs)
  for await (const piece of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pieces.push(piece)
    if (missing === Infinity) {
      const all = Buffer.concat(pieces)
      const headEnd = all.indexOf('\r\n\r\n')
      if (headEnd >= 0) missing = bodyBytes - (all.length - headEnd - 4)
    } else missing -= piece.length
    if (missing <= 0) break
  }
  const message = Buffer.concat(pieces)
  return message.subarray(message.indexOf('\r\n\r\n') + 4)
}

describe.each(ways)('a large body over %s, with TLS on both sides', (way) => {
  test('goes up and comes down byte for byte past readers that are late', async () => {
    const authority = await TlsAuthority.create('pieces')
    const identity = await authority.issue({ names: [{ type: 'dns', value: 'a.test' }] })
    const upstream = createServer(identity, async (socket) => {
      const body = await readLate(socket, size)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      socket.write(body)
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    try {
      const { port } = upstream.address() as AddressInfo
      await using proxy = await WireProxy.start({ way, dynamic: overTls(port) })
      const client = connect({ port: proxy.port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false })
      await once(client, 'secureConnect')
      client.write(`POST / HTTP/1.1\r\n${plainFields}Content-Length: ${size}\r\n\r\n`)
      client.write(pattern)
      const body = await within(readLate(client, size), 'the whole response', 8000)
      client.destroy()
      expect(body.length).toBe(size)
      expect(body.equals(pattern)).toBe(true)
    } finally {
      upstream.close()
    }
  }, 20_000)
})

function overTls(port: number): string {
  return `
http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: target, tls: {} }
  services:
    target: { loadBalancer: { servers: [{ url: "https://127.0.0.1:${port}" }], serversTransport: lax } }
  serversTransports:
    lax: { insecureSkipVerify: true }
`
}
