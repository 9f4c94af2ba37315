import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { Http3Client, type Http3Request } from '../support/http3-client.ts'
import { startHttp3Proxy } from '../support/http3-proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const dynamic = 'http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} } } }'

/** Fields of this many bytes in all, none longer than `each`. */
function fieldsOf(bytes: number, each: number): Record<string, string> {
  const count = Math.ceil(bytes / each)
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`x-${at}`, randomBytes(each / 2).toString('hex')]),
  )
}

describe('A request over HTTP/3', () => {
  test.each<[string, number, Http3Request]>([
    ['a path without a slash', 400, { path: 'nowhere' }],
    ['a whole URL for its path', 400, { path: 'https://b.test/' }],
    ['a fragment', 400, { path: '/a#b' }],
    ['a broken percent-encoding', 400, { path: '/%zz' }],
    ['no host', 400, { authority: '' }],
    ['no host that can be', 400, { authority: 'a@b/c' }],
    ['two hosts', 400, { authority: 'a.test', fields: { host: 'b.test' } }],
    ['an unknown scheme', 400, { fields: { ':scheme': 'ftp' } }],
    ['CONNECT', 501, { method: 'CONNECT' }],
    ['fields that are too long together', 431, { fields: fieldsOf(30_000, 1000) }],
    ['a field that is too long', 431, { fields: fieldsOf(30_000, 30_000) }],
  ])('with %s is answered with %d', async (_, status, request) => {
    await using proxy = await startHttp3Proxy({ dynamic, flags: ['entryPoints.web.http.maxHeaderBytes=16384'] })
    await using client = await Http3Client.connect(proxy.port)
    expect((await client.request(request)).status).toBe(status)
    expect((await client.request()).status).toBe(200)
  })

  test.each<[string, Http3Request]>([
    ['white space around a value', { fields: { 'x-note': ' a ' } }],
    ['a control character', { fields: { 'x-note': 'a\u0001b' } }],
    ['no method', { method: '' }],
  ])('with %s is reset, and harms no other', async (_, request) => {
    await using proxy = await startHttp3Proxy({ dynamic })
    await using client = await Http3Client.connect(proxy.port)
    const { status, failure } = await client.request(request)
    expect({ status, failure }).toMatchObject({ status: 0, failure: expect.stringContaining('270') }) // H3_MESSAGE_ERROR
    expect((await client.request()).status).toBe(200)
  })
})

describe('An answer over HTTP/3', () => {
  test.each([
    ['more fields', Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'a']))],
    ['a longer field', { 'x-long': 'a'.repeat(70_000) }],
  ])('with %s than the engine can send is reset, and harms no other', async (_, headers) => {
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url }) => new Response('ok', url.endsWith('/big') ? { headers } : {}),
    })
    await using proxy = await startHttp3Proxy({ servers: [server.url.origin], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    expect(await client.request({ path: '/big' })).toMatchObject({ status: 0, failure: expect.stringContaining('258') })
    expect((await client.request({ path: '/small' })).status).toBe(200)
  })
})

describe('A client of HTTP/3 that', () => {
  test('takes back one request after the other loses its connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    await using other = await Http3Client.connect(proxy.port)
    const ended = client.session.closed.catch(() => {})
    for (let begun = 0; begun <= 550 && !client.session.destroyed; begun += 50) {
      const opened = await Promise.all(Array.from({ length: 50 }, () => client.open({})))
      // A request that is taken back before it has begun costs nobody anything.
      await eventually(() => upstream.connections.length >= begun + 50, 'the requests at the server')
      for (const { stream } of opened) stream.stopSending(0x10cn)
      await Promise.all(opened.map(({ answer }) => answer))
    }
    await within(ended, 'the end of the connection')
    expect(proxy.entries.filter((entry) => entry.includes('connection refused: too many resets'))).toHaveLength(1)
    expect((await other.request({ authority: 'a@b' })).status).toBe(400)
  }, 15_000)

  test('sends anything but QUIC disturbs nobody', async () => {
    await using proxy = await startHttp3Proxy({ dynamic })
    await using client = await Http3Client.connect(proxy.port)
    const socket = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0 })
    for (let at = 0; at < 2000; at++) {
      const garbage = randomBytes(1 + (at % 1400))
      // Half of them look like the first packet of a connection (RFC 9000 §17.2).
      if (at % 2 === 0) garbage.set([0xc0, 0, 0, 0, 1].slice(0, garbage.length))
      socket.send(garbage, proxy.port, '127.0.0.1')
      if (at % 50 === 0) await Bun.sleep(1)
    }
    expect((await client.request()).status).toBe(200)
    await using next = await Http3Client.connect(proxy.port)
    expect((await next.request()).status).toBe(200)
    socket.close()
  })

  test('says nothing is closed after the idle time-out', async () => {
    const flags = ['entryPoints.web.transport.respondingTimeouts.idleTimeout=200ms']
    await using proxy = await startHttp3Proxy({ dynamic, flags })
    await using client = await Http3Client.connect(proxy.port)
    expect((await client.request()).status).toBe(200)
    await within(
      client.session.closed.catch(() => {}),
      'the end of the connection',
    )
  })

  test('sends its body too slowly is answered with 408', async () => {
    const flags = ['entryPoints.web.transport.respondingTimeouts.readTimeout=200ms']
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => new Response(await request.bytes()),
    })
    await using proxy = await startHttp3Proxy({ servers: [server.url.origin], flags })
    await using client = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({ method: 'POST', body: 'half', staysOpen: true })
    expect((await within(answer, 'a refusal')).status).toBe(408)
  })

  test('has opened connections by the hundred leaves none behind', async () => {
    await using proxy = await startHttp3Proxy({ dynamic })
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => Http3Client.connect(proxy.port)))
      await Promise.all(clients.map((client) => client.request()))
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
    }
    await eventually(() => proxy.connectionCount === 0, 'the end of every connection')
  }, 15_000)
})
