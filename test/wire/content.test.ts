import { describe, expect, test } from 'bun:test'
import { codings, type Coding } from '../../src/middleware/accept-encoding.ts'
import { within } from '../provider/within.ts'
import { decode, StreamDecoder } from '../support/decode.ts'
import { ways, WireProxy } from '../support/proxy.ts'

function httpOf(http: object): string {
  return JSON.stringify({ http })
}

function urlOf({ port }: WireProxy): string {
  return `http://127.0.0.1:${port}`
}

function service(port: number) {
  return { loadBalancer: { servers: [{ url: `http://127.0.0.1:${port}` }] } }
}

/** An event stream whose events the test sends; `left` resolves when its reader has gone. */
function eventServer() {
  let send: ReadableStreamDefaultController<Uint8Array> | undefined
  const left = Promise.withResolvers<void>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: () => {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          send = controller
          controller.enqueue(Buffer.from('data: first\n\n'))
        },
        cancel: () => left.resolve(),
      })
      return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } })
    },
  })
  return {
    port: server.port!,
    send: (text: string) => send!.enqueue(Buffer.from(text)),
    end: () => send!.close(),
    left: left.promise,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** Answers with the path's text, repeated; the path `/fail` with a 500. */
function textServer() {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      if (pathname === '/fail') return new Response('secret', { status: 500 })
      if (pathname === '/page') return new Response(`page for ${search}`, { headers: { 'X-Page': '1' } })
      return new Response(`${pathname}\n`.repeat(5000), { headers: { 'Content-Type': 'text/plain', ETag: '"1"' } })
    },
  })
  return { port: server.port!, [Symbol.asyncDispose]: () => server.stop(true) }
}

const rule = 'PathPrefix(`/`)'

describe.each([...ways])('through the proxy (%s)', (way) => {
  test.each([...codings])('an event encoded with %s arrives before the next is sent', async (coding) => {
    await using events = eventServer()
    await using proxy = await WireProxy.start({
      way,
      dynamic: httpOf({
        routers: { all: { rule, service: 'events', middlewares: ['small'] } },
        middlewares: { small: { compress: {} } },
        services: { events: service(events.port) },
      }),
    })
    const response = await fetch(urlOf(proxy), {
      keepalive: false,
      headers: { 'Accept-Encoding': coding },
      decompress: false,
    })
    expect(response.headers.get('content-encoding')).toBe(coding)
    const client = new StreamDecoder(coding)
    const reader = response.body!.getReader()
    const reading = (async () => {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) client.write(piece.value)
    })()
    await within(client.until('data: first\n\n'), 'the first event')
    events.send('data: second\n\n')
    await within(client.until('data: second\n\n'), 'the second event')
    events.end()
    await within(reading, 'the end of the stream')
    expect(client.text).toBe('data: first\n\ndata: second\n\n')
  })

  test('the server of an encoded stream hears that its reader has gone', async () => {
    await using events = eventServer()
    await using proxy = await WireProxy.start({
      way,
      dynamic: httpOf({
        routers: { all: { rule, service: 'events', middlewares: ['small'] } },
        middlewares: { small: { compress: {} } },
        services: { events: service(events.port) },
      }),
    })
    const leaving = new AbortController()
    const { signal } = leaving
    const response = await fetch(urlOf(proxy), {
      keepalive: false,
      headers: { 'Accept-Encoding': 'gzip' },
      decompress: false,
      signal,
    })
    const reader = response.body!.getReader()
    await reader.read()
    leaving.abort()
    await reader.read().catch(() => {})
    await within(events.left, 'the end of the stream at the server')
  })

  test('a body is encoded, and an error page put in, on one connection after the other', async () => {
    await using texts = textServer()
    await using proxy = await WireProxy.start({
      way,
      dynamic: httpOf({
        routers: { all: { rule, service: 'texts', middlewares: ['small', 'pages'] } },
        middlewares: {
          small: { compress: {} },
          pages: { errors: { status: '500-599', service: 'texts', query: '/page?{status}' } },
        },
        services: { texts: service(texts.port) },
      }),
    })
    for (const coding of [...codings, ...codings] as Coding[]) {
      const response = await fetch(`${urlOf(proxy)}/text`, {
        keepalive: false,
        headers: { 'Accept-Encoding': coding },
        decompress: false,
      })
      expect(decode(await response.bytes(), coding)).toBe('/text\n'.repeat(5000))
      expect(response.headers.get('etag')).toBe('W/"1"')
      const failed = await fetch(`${urlOf(proxy)}/fail`, { keepalive: false, method: 'POST', body: 'form' })
      expect([failed.status, failed.headers.get('x-page'), await failed.text()]).toEqual([500, '1', 'page for ?500'])
    }
  })

  test('an error page stands in for a server that is not there', async () => {
    await using texts = textServer()
    const unused = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const { port } = unused
    await unused.stop(true)
    await using proxy = await WireProxy.start({
      way,
      dynamic: httpOf({
        routers: { all: { rule, service: 'none', middlewares: ['pages'] } },
        middlewares: { pages: { errors: { status: '502', service: 'texts', query: '/page?{status}' } } },
        services: { texts: service(texts.port), none: service(port!) },
      }),
    })
    const response = await fetch(urlOf(proxy), { keepalive: false })
    expect([response.status, await response.text()]).toEqual([502, 'page for ?502'])
  })
})
