import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import {
  errorCode,
  flag,
  frame,
  frameType,
  get,
  Http2Peer,
  literal,
  requestBlock,
  type Frame,
  type HeadParts,
} from '../support/http2-frames.ts'
import { WireProxy } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

function is(type: number, stream: number, flags?: number) {
  return (candidate: Frame): boolean =>
    candidate.type === type && candidate.stream === stream && (flags === undefined || candidate.flags === flags)
}

/** The status that a response's field section begins with: an entry of the static table, or a literal. */
function statusOf({ payload }: Frame): number {
  const entries: Record<number, number> = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 }
  const first = payload[0]!
  return first >= 0x80 ? entries[first & 0x7f]! : Number(payload.toString('latin1', 2, 5))
}

async function through(parts: HeadParts): Promise<Frame> {
  await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
  using client = await Http2Peer.connect(proxy.port)
  client.send(get(1, parts))
  return await client.next(({ stream }) => stream === 1, 'an answer')
}

describe('An HTTP/2 request', () => {
  test('goes to an HTTP/1 server with its path untouched and its cookies in one field', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    const fields = [
      ['cookie', 'a=1'],
      ['x-note', 'hé'],
      ['cookie', 'b=2'],
      ['te', 'trailers'],
    ] as const
    client.send(get(1, { path: '/a%2Fb?q=%20', authority: 'b.test:81', fields }))
    const server = await upstream.request()
    expect(server.text).toStartWith('GET /a%2Fb?q=%20 HTTP/1.1\r\n')
    for (const line of ['Host: b.test:81', 'Cookie: a=1; b=2', 'X-Note: h\\S+', 'Te: trailers']) {
      expect(server.text).toMatch(new RegExp(`\r\n${line}\r\n`))
    }
    server.send(okay)
    const head = await client.next(is(frameType.headers, 1), 'the head')
    expect([statusOf(head), head.flags]).toEqual([200, flag.endHeaders])
    const body = await client.next(is(frameType.data, 1, flag.endStream), 'the body')
    expect(body.payload.toString()).toBe('ok')
  })

  test.each<[string, HeadParts]>([
    ['connection', { fields: [['connection', 'close']] }],
    ['transfer-encoding', { fields: [['transfer-encoding', 'chunked']] }],
    ['upgrade', { fields: [['upgrade', 'h2c']] }],
    ['a te of its own', { fields: [['te', 'gzip']] }],
    ['a name in capitals', { fields: [['X-A', 'b']] }],
    ['white space around a value', { fields: [['x-a', ' b']] }],
    ['a line feed in a value', { fields: [['x-a', 'b\nc: d']] }],
    [
      'two different lengths',
      {
        fields: [
          ['content-length', '0'],
          ['content-length', '1'],
        ],
      },
    ],
    ['a length without a body', { fields: [['content-length', '5']] }],
  ])('with %s is reset with PROTOCOL_ERROR', async (_, parts) => {
    const answer = await through(parts)
    expect([answer.type, errorCode(answer)]).toEqual([frameType.reset, 1])
  })

  test.each<[string, HeadParts, number]>([
    ['a Host that is another', { fields: [['host', 'b.test']] }, 400],
    ['a fragment', { path: '/a#b' }, 400],
    ['no authority at all', { authority: undefined }, 400],
    ['user information in its authority', { authority: 'u@a.test' }, 400],
    ['a path that is an URL', { path: 'http://b.test/' }, 400],
    ['another scheme', { scheme: 'ftp' }, 400],
    ['the same Host and authority', { fields: [['host', 'A.test']] }, 404],
  ])('with %s is answered as it should be', async (_, parts, status) => {
    const answer = await through(parts)
    expect([answer.type, statusOf(answer)]).toEqual([frameType.headers, status])
  })

  test('by CONNECT is refused as not implemented', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using client = await Http2Peer.connect(proxy.port)
    const block = Buffer.concat([literal(':method', 'CONNECT'), literal(':authority', 'b.test:443')])
    client.send(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, block))
    expect(statusOf(await client.next(is(frameType.headers, 1), 'the answer'))).toBe(501)
  })

  test('that is reset aborts its own exchange and no other', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const first = await upstream.request()
    client.send(get(3))
    const second = await upstream.request()
    client.send(frame(frameType.reset, 0, 1, Buffer.from([0, 0, 0, 8])))
    await first.gone()
    second.send(okay)
    await client.next(is(frameType.data, 3, flag.endStream), 'the other answer')
    expect(proxy.exchanges.map(({ outcome }) => outcome?.kind)).toContain('aborted')
  })

  test.each([
    ['a reset', (client: Http2Peer) => client.send(frame(frameType.reset, 0, 1, Buffer.alloc(4)))],
    ['a lost connection', (client: Http2Peer) => client.end()],
  ])('whose body is cut short by %s never looks whole to the server', async (_, cut) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    const head = frame(frameType.headers, flag.endHeaders, 1, requestBlock({ method: 'POST' }))
    client.send(head, frame(frameType.data, 0, 1, Buffer.from('half')))
    const server = await upstream.request('half')
    cut(client)
    await server.gone()
    expect(server.text).not.toContain('\r\n0\r\n')
  })

  test('with a body of another length than it says is reset', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    const fields = [['content-length', '10']] as const
    const head = frame(frameType.headers, flag.endHeaders, 1, requestBlock({ method: 'POST', fields }))
    client.send(head, frame(frameType.data, 0, 1, Buffer.from('half')))
    const server = await upstream.request('half')
    client.send(frame(frameType.data, flag.endStream, 1))
    expect(errorCode(await client.next(is(frameType.reset, 1), 'the reset'))).toBe(1)
    await server.gone()
  })
})

describe('An answer over HTTP/2', () => {
  test('that the server breaks off is reset, and never looks whole', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
    await client.next(is(frameType.data, 1), 'the first piece')
    server.close()
    expect(errorCode(await client.next(is(frameType.reset, 1), 'the reset'))).toBe(2)
    expect(client.of(1).some(({ type, flags }) => type === frameType.data && flags === flag.endStream)).toBe(false)
  })

  test('with a status that HTTP/2 does not have is reset', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const server = await upstream.request()
    server.send('HTTP/1.1 700 Odd\r\nContent-Length: 2\r\n\r\nok')
    await client.next(({ type, stream }) => type === frameType.reset && stream === 1, 'the reset')
  })

  test('has the trailers and the early hints of an HTTP/1 server', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1, { fields: [['te', 'trailers']] }))
    const server = await upstream.request()
    server.send('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
    expect(statusOf(await client.next(is(frameType.headers, 1), 'the hints'))).toBe(103)
    server.send(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\none\r\n0\r\nX-Sum: 1\r\n\r\n',
    )
    await client.next(is(frameType.headers, 1, flag.endHeaders | flag.endStream), 'the trailers')
    expect(client.of(1).map(({ type }) => type)).toEqual([1, 1, 0, 1])
  })

  test('waits for a client that does not open its window', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const server = await upstream.request()
    const size = 8 * 1024 * 1024
    server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`).send(new Uint8Array(size))
    const received = () => client.of(1).reduce((sum, { type, payload }) => sum + (type === 0 ? payload.length : 0), 0)
    await eventually(() => received() === 65_535, 'the first window')
    expect(server.unsentBytes).toBeGreaterThan(0)
    const more = Buffer.from([0x3f, 0, 0, 0])
    client.send(frame(frameType.window, 0, 0, more), frame(frameType.window, 0, 1, more))
    await client.next(is(frameType.data, 1, flag.endStream), 'the end')
    expect(received()).toBe(size)
  })
})

describe('An HTTP/2 connection', () => {
  test('says GOAWAY after keepAliveMaxRequests, and still answers', async () => {
    const flags = ['entryPoints.web.transport.keepAliveMaxRequests=2']
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }', flags })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    await client.next(is(frameType.headers, 1), 'the first answer')
    client.send(get(3))
    await client.next(is(frameType.headers, 3), 'the second answer')
    await client.next(({ type }) => type === frameType.goaway, 'GOAWAY')
  })

  test('is closed when its client says GOAWAY, after what it has begun', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1), frame(frameType.goaway, 0, 0, Buffer.alloc(8)))
    const server = await upstream.request()
    const ping = await client.next(({ type }) => type === frameType.ping, 'PING')
    client.send(frame(frameType.ping, flag.ack, 0, ping.payload))
    server.send(okay)
    await client.next(is(frameType.data, 1, flag.endStream), 'the answer')
    await client.closed()
  })

  test('is told on shutdown, and finishes what it has begun', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url], way: 'socket' })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const server = await upstream.request()
    const closed = proxy.shutDown()
    const goaway = await client.next(({ type }) => type === frameType.goaway, 'GOAWAY')
    expect(errorCode(goaway)).toBe(0)
    server.send(okay)
    await client.next(is(frameType.data, 1, flag.endStream), 'the answer')
    client.end()
    await closed
  })

  test('is closed with GOAWAY when it has been idle', async () => {
    const flags = ['entryPoints.web.transport.respondingTimeouts.idleTimeout=50ms']
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }', flags })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    await client.next(is(frameType.headers, 1), 'the answer')
    await client.next(({ type }) => type === frameType.goaway, 'GOAWAY')
    await client.closed()
  })
})
