import { createSecureServer, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { frame, frameType, flag, get, Http2Peer, literal } from '../support/http2-frames.ts'
import { WireProxy } from '../support/proxy.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const settings = frame(frameType.settings, 0, 0)
const status200 = Buffer.of(0x88)

/** A server of the platform; `sessions` counts its connections. */
async function serve(answer: (stream: ServerHttp2Stream, path: string) => void, options: object = {}) {
  const server = createServer(options)
  const state = { sessions: 0, port: 0, [Symbol.asyncDispose]: async () => void server.close() }
  server.on('session', () => (state.sessions += 1))
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {})
    answer(stream, String(headers[':path']))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.port = (server.address() as AddressInfo).port
  return state
}

/** Without keep-alive, since a proxy that ends must find no client left. */
async function ask(port: number, path = '/', init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { ...init, keepalive: false })
}

async function fetchText(port: number, path?: string, init?: RequestInit): Promise<string> {
  return (await ask(port, path, init)).text()
}

describe('An h2c server', () => {
  test('is spoken to over one connection for many requests at once', async () => {
    await using server = await serve((stream, path) => {
      stream.respond({ ':status': 200 })
      setTimeout(() => stream.end(path), 20)
    })
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${server.port}`] })
    const paths = Array.from({ length: 20 }, (_, at) => `/${at}`)
    expect(await Promise.all(paths.map((path) => fetchText(proxy.port, path)))).toEqual(paths)
    expect(server.sessions).toBe(1)
  })

  test('is spoken to over more connections than one when it allows few streams', async () => {
    const limited = { settings: { maxConcurrentStreams: 2 } }
    await using server = await serve((stream, path) => {
      stream.respond({ ':status': 200 })
      setTimeout(() => stream.end(path), 50)
    }, limited)
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${server.port}`] })
    const paths = Array.from({ length: 6 }, (_, at) => `/${at}`)
    expect(await Promise.all(paths.map((path) => fetchText(proxy.port, path)))).toEqual(paths)
    expect(server.sessions).toBeGreaterThan(1)
  })

  test('gets uploads and gives downloads of many windows', async () => {
    await using server = await serve((stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${server.port}`] })
    const body = Buffer.alloc(5 * 1024 * 1024, 'abcdefg')
    const answer = await ask(proxy.port, '/', { method: 'POST', body })
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
  })

  test('passes its early hints and trailers on', async () => {
    await using server = await serve((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.end('body')
    })
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${server.port}`] })
    const client = await proxy.connect()
    client.send('GET / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\n\r\n')
    const text = await client.expect(/X-Sum: 1\r\n\r\n/i)
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n/i)
    expect(text).toContain('body')
  })

  test('that says GOAWAY gets the request that it did not take over a new connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${upstream.port}`] })
    const answer = fetchText(proxy.port)
    const first = await upstream.request('SM\r\n\r\n')
    first.send(settings)
    await first.expect(({ length }) => length > 24 + 9 + 60)
    first.send(frame(frameType.goaway, 0, 0, Buffer.alloc(8)))
    const second = await upstream.request('SM\r\n\r\n')
    second.send(settings)
    await second.expect(({ length }) => length > 24 + 9 + 60)
    second.send(frame(frameType.headers, flag.endHeaders, 1, status200))
    second.send(frame(frameType.data, flag.endStream, 1, Buffer.from('second')))
    expect(await answer).toBe('second')
    first.close()
    second.close()
  })

  test('that resets an answer half way breaks the client’s too', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${upstream.port}`] })
    using client = await Http2Peer.connect(proxy.port)
    client.send(get(1))
    const server = await upstream.request('SM\r\n\r\n')
    server.send(settings)
    await server.expect(({ length }) => length > 24 + 9 + 60)
    server.send(frame(frameType.headers, flag.endHeaders, 1, status200))
    server.send(frame(frameType.data, 0, 1, Buffer.from('half')))
    await client.next(({ type }) => type === frameType.data, 'the first half')
    // NO_ERROR: nothing but the missing END_STREAM tells that this is not the end.
    server.send(frame(frameType.reset, 0, 1, Buffer.alloc(4)))
    await client.next(({ type, stream }) => type === frameType.reset && stream === 1, 'the reset')
    server.close()
  })

  test.each([
    ['a status that is none', literal(':status', 'abc')],
    ['a length that is no number', Buffer.concat([status200, literal('content-length', '1x')])],
  ])('that answers with %s is a bad gateway', async (_, block) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${upstream.port}`] })
    const answer = ask(proxy.port)
    const server = await upstream.request('SM\r\n\r\n')
    server.send(settings)
    await server.expect(({ length }) => length > 24 + 9 + 60)
    server.send(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, block))
    expect((await answer).status).toBeGreaterThanOrEqual(500)
    server.close()
  })

  test('is told when the client goes away', async () => {
    let aborted = 0
    await using server = await serve((stream) => stream.on('aborted', () => (aborted += 1)))
    await using proxy = await WireProxy.start({ servers: [`h2c://127.0.0.1:${server.port}`] })
    const controller = new AbortController()
    const answer = fetchText(proxy.port, '/', { signal: controller.signal }).catch(() => 'aborted')
    await eventually(() => server.sessions === 1, 'the request')
    setTimeout(() => controller.abort(), 50)
    expect(await answer).toBe('aborted')
    await eventually(() => aborted === 1, 'the reset at the server')
  })
})

describe('An https server', () => {
  test.each([
    ['gets HTTP/2 when it offers it', false, '2.0'],
    ['gets HTTP/1.1 under disableHTTP2', true, '1.1'],
  ])('%s', async (_, disableHttp2, version) => {
    await using folder = await temporaryFolder()
    const { certFile, cert, key } = await makeCertificate(folder.path, 'localhost')
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) =>
      response.end(request.httpVersion),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const transport = `{ rootCAs: [${certFile}], disableHTTP2: ${disableHttp2} }`
    await using proxy = await WireProxy.start({
      dynamic: `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target } }
  services: { target: { loadBalancer: { servers: [{ url: "https://localhost:${port}" }], serversTransport: trusting } } }
  serversTransports: { trusting: ${transport} }
`,
    })
    expect(await fetchText(proxy.port)).toBe(version)
    expect(await fetchText(proxy.port)).toBe(version)
    server.close()
  })

  test('that knows HTTP/1.1 only gets that', async () => {
    await using folder = await temporaryFolder()
    const { certFile, cert, key } = await makeCertificate(folder.path, 'localhost')
    using server = Bun.serve({ port: 0, tls: { cert, key }, fetch: () => new Response('one') })
    await using proxy = await WireProxy.start({
      dynamic: `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target } }
  services: { target: { loadBalancer: { servers: [{ url: "https://localhost:${server.port}" }], serversTransport: trusting } } }
  serversTransports: { trusting: { rootCAs: [${certFile}] } }
`,
    })
    expect(await fetchText(proxy.port)).toBe('one')
    expect(await fetchText(proxy.port)).toBe('one')
    await server.stop(true)
  })
})
