import { describe, expect, test } from 'bun:test'
import { latin1 } from '../http1/every-cut.ts'
import { readRequests } from '../http1/read-requests.ts'
import { shapes } from '../http1/smuggling-shapes.ts'
import { ways, WireProxy } from '../support/proxy.ts'
import type { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

/** The whole requests among what a strict server reads on one connection: `POST / hello`. */
function wholeRequests(text: string): string[] {
  return readRequests([latin1(text)]).filter((line) => /^\S+ [/*]/.test(line))
}

/** Answers each request when it is there to its last byte. */
function strictServer(peer: WirePeer): void {
  let answered = 0
  const answer = async () => {
    while (!peer.isGone) {
      await peer.expect((text) => wholeRequests(text).length > answered)
      answered += 1
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
  }
  answer().catch(() => {})
}

/** Not for the proxy as a whole: its limits are higher, it speaks HTTP/2, and what is no HTTP gets no answer. */
const others = new Set([
  'more trailers than fields are allowed',
  'a trailer section beyond the limit',
  'binary',
  'a TLS ClientHello',
  'the HTTP/2 preface',
])
const cases = shapes.filter(({ name }) => !others.has(name)).map((shape) => [shape.name, shape] as const)

describe.each(ways)('over %s, a message that others have read in two ways', (way) => {
  test.each(cases)('has one reading: %s', async (_, shape) => {
    await using upstream = new WireUpstream(strictServer)
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    // Fields without which the request would not go over fetch.
    const fields = 'Host: a.example\r\nUser-Agent: t\r\nAccept: */*\r\n'
    client.send(shape.bytes.replace('Host: a.example\r\n', fields)).finish()
    await client.toEnd()
    const expected = shape.seen.filter((line) => /^\S+ [/*]/.test(line))
    const isRouted = !client.text.includes('HTTP/1.1 404 ')
    const seen = upstream.connections.flatMap(({ text }) => wholeRequests(text))
    expect(seen).toEqual(isRouted ? expected : [])
    const refusals = shape.seen.some((line) => /^(refused|bad body)/.test(line)) ? 1 : 0
    expect(client.text.match(/HTTP\/1\.1 [45]/g) ?? []).toHaveLength(isRouted ? refusals : 1)
  })
})
