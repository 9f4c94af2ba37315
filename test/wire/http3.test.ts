import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { Http3Client, Http3Fetch } from '../support/http3-client.ts'
import { startHttp3Proxy } from '../support/http3-proxy.ts'
import { ways } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Answers with the hash of what it was sent, and then the same bytes. */
function echoServer() {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const bytes = await request.bytes()
      return new Response(bytes, { headers: { 'x-hash': hash(bytes), 'x-length': String(bytes.length) } })
    },
  })
}

describe('A request over HTTP/3', () => {
  test('reaches the server as it was sent, and its answer the client', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    await using client = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({
      method: 'FOO',
      path: '/a%2Fb/{x}?q=%20"',
      authority: 'b.test:81',
      fields: { cookie: ['a=1', 'b=2'], 'x-note': 'hé', accept: ['a/b', 'c/d'], 7: 'seven', te: 'trailers' },
    })
    const server = await upstream.request()
    expect(server.text).toStartWith('FOO /a%2Fb/{x}?q=%20" HTTP/1.1\r\n')
    const fields = ['Host: b.test:81', 'Cookie: a=1; b=2', 'X-Note: h.', 'Accept: a/b\r\nAccept: c/d', '7: seven']
    for (const field of [...fields, 'X-Forwarded-Proto: https', 'X-Forwarded-Host: b.test:81', 'Te: trailers']) {
      expect(server.text).toMatch(new RegExp(`\r\n${field.replaceAll('/', '\\/')}\r\n`))
    }
    expect(server.text).not.toMatch(/content-length|transfer-encoding/i)
    const head =
      'Connection: keep-alive\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: a\r\nVary: b\r\nX-Note: h\xe9\r\n'
    server.send(Buffer.from(`HTTP/1.1 203 Fine\r\n${head}Content-Length: 2\r\n\r\nok`, 'latin1'))
    const { status, headers, body } = await within(answer, 'the answer')
    expect({ status, body: body.toString() }).toEqual({ status: 203, body: 'ok' })
    expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], vary: 'a, b', 'x-note': 'hé', 'content-length': '2' })
    expect(headers).not.toHaveProperty('connection')
    expect(headers).not.toHaveProperty('alt-svc')
  })

  test.each(ways.flatMap((way) => [0, 1, 70_000, 5 * 1024 * 1024].map((size) => [way, size] as const)))(
    'carries bodies both ways: %s, %d bytes',
    async (way, size) => {
      using server = echoServer()
      await using proxy = await startHttp3Proxy({ servers: [server.url.origin], way })
      using client = new Http3Fetch(proxy.port)
      const body = randomBytes(size)
      for (const method of ['POST', 'PUT']) {
        const response = await within(client.get('/', { method, body }), 'the answer', 8000)
        expect(response.headers.get('x-length')).toBe(String(size))
        expect(response.headers.get('x-hash')).toBe(hash(body))
        expect(hash(await response.bytes())).toBe(hash(body))
      }
    },
    20_000,
  )

  test('has trailers, as its response has', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    await using client = await Http3Client.connect(proxy.port)
    const { stream, answer } = await client.open({
      method: 'POST',
      fields: { trailer: 'x-sum', te: 'trailers' },
      body: 'hello',
      trailers: { 'x-sum': '5' },
    })
    const server = await upstream.request('0\r\nX-Sum: 5\r\n\r\n')
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: yes\r\n\r\n')
    expect(await within(answer, 'the answer')).toMatchObject({ status: 200, trailers: { 'x-end': 'yes' } })
    expect(stream.destroyed).toBeTrue()
  })

  test('has no trailers in its response unless it asks for them', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({})
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: yes\r\n\r\n')
    const { body, trailers } = await within(answer, 'the answer')
    expect(body.toString()).toBe('ok')
    expect(trailers).toEqual({})
  })

  test('keeps trailers out of a body that is still on its way', async () => {
    const size = 250_000
    await using upstream = new WireUpstream((server) => {
      const answer = async () => {
        await server.expect((text) => text.endsWith('\r\n\r\n'))
        server.send(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${size.toString(16)}\r\n`,
        )
        server.send(`${'x'.repeat(size)}\r\n0\r\nX-End: yes\r\n\r\n`).finish()
      }
      answer().catch(() => {})
    })
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const asking = { fields: { te: 'trailers' } }
    for (let round = 0; round < 30; round++) {
      const { body, trailers } = await client.request(asking)
      expect(body.length).toBe(size)
      expect(trailers).toMatchObject({ 'x-end': 'yes' })
    }
  }, 20_000)

  test('hears of interim responses', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({})
    const server = await upstream.request()
    server.send(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${okay}`)
    const { status, interim } = await within(answer, 'the answer')
    expect({ status, interim }).toEqual({ status: 200, interim: [':status 103 link </a.css>'] })
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n', { ':status': '200', 'content-length': '77' }],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nEtag: "x"\r\n\r\n', { ':status': '304', etag: '"x"' }],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', { ':status': '204' }],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { ':status': '200' }],
  ])('%s may have no body in its answer %#', async (method, response, headers) => {
    await using upstream = new WireUpstream((peer) => void peer.expect('\r\n\r\n').then(() => peer.send(response)))
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    await using client = await Http3Client.connect(proxy.port)
    const answer = await client.request({ method })
    expect(answer).toMatchObject({ headers, body: Buffer.alloc(0), failure: undefined })
  })

  test('gets each event at once', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    using client = new Http3Fetch(proxy.port)
    const asked = client.get('/events')
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    const reader = (await within(asked, 'the head')).body!.getReader()
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      server.send(`${event.length.toString(16)}\r\n${event}\r\n`)
      const { value } = await within(reader.read(), event)
      expect(Buffer.from(value!).toString()).toBe(event)
    }
    server.send('0\r\n\r\n')
    expect((await within(reader.read(), 'the end')).done).toBeTrue()
  })

  test('shares its connection with a hundred others, of which none waits for another', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const answers = Array.from({ length: 100 }, (_, at) => client.request({ path: `/${at}` }))
    const servers = []
    for (let at = 0; at < 100; at++) servers.push(await upstream.request())
    for (const server of servers.toReversed()) {
      const path = /^GET (\S+)/.exec(server.text)![1]!
      server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
    const bodies = (await Promise.all(answers)).map(({ body }) => body.toString())
    expect(bodies).toEqual(Array.from({ length: 100 }, (_, at) => `/${at}`))
  }, 15_000)

  test('passes the chain of every other: router by host, middleware, access log', async () => {
    await using upstream = new WireUpstream((peer) => void peer.expect('\r\n\r\n').then(() => peer.send(okay)))
    const dynamic = `
http:
  routers:
    a: { rule: "Host(\`a.test\`)", service: app, middlewares: [strip], tls: {} }
    plain: { rule: "Host(\`plain.test\`)", service: app }
  middlewares:
    strip: { stripPrefix: { prefixes: [/api] } }
  services:
    app: { loadBalancer: { servers: [{ url: "${upstream.url}" }] } }
`
    await using proxy = await startHttp3Proxy({ dynamic })
    await using client = await Http3Client.connect(proxy.port)
    expect((await client.request({ path: '/api/x', authority: 'A.test' })).status).toBe(200)
    expect((await upstream.accept()).text).toStartWith('GET /x ')
    // Traefik: HTTP/3 is TLS, so routers without it are not to be had.
    for (const authority of ['b.test', 'plain.test']) expect((await client.request({ authority })).status).toBe(404)
    await client[Symbol.asyncDispose]()
    expect(await proxy.accessLog()).toMatchObject([
      {
        RequestProtocol: 'HTTP/3.0',
        RequestPath: '/api/x',
        RouterName: 'a@file',
        TLSVersion: '1.3',
        DownstreamStatus: 200,
      },
      { RequestProtocol: 'HTTP/3.0', DownstreamStatus: 404 },
      { RequestProtocol: 'HTTP/3.0', DownstreamStatus: 404 },
    ])
  })
})
