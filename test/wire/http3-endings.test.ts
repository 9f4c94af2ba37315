import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { Http3Client, Http3Fetch, type Http3Exchange } from '../support/http3-client.ts'
import { startHttp3Proxy } from '../support/http3-proxy.ts'
import { ways, type WireProxy } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'
import type { WirePeer } from '../support/wire-peer.ts'

interface Begun {
  readonly proxy: WireProxy
  readonly client: Http3Client
  readonly exchange: Http3Exchange
  readonly server: WirePeer
}

type Leaving = (begun: Begun) => void

const cancelled = 0x10cn

/** What a client that loses interest may do. */
const leavings: readonly (readonly [string, Leaving])[] = [
  ['stops reading', ({ exchange }) => exchange.stream.stopSending(cancelled)],
  [
    'resets its stream',
    ({ exchange }) => {
      exchange.stream.resetStream(cancelled)
      exchange.stream.stopSending(cancelled)
    },
  ],
  ['closes its connection', ({ client }) => client.session.destroy(undefined, { code: 0x100n, type: 'application' })],
]

describe('A client of HTTP/3 that', () => {
  describe.each(ways)('over %s', (way) => {
    test.each(leavings)('%s before the answer ends the exchange with the server', async (_, leave) => {
      await using upstream = new WireUpstream()
      await using proxy = await startHttp3Proxy({ servers: [upstream.url], way })
      await using client = await Http3Client.connect(proxy.port)
      const exchange = await client.open({})
      const server = await upstream.request()
      leave({ proxy, client, exchange, server })
      await server.gone()
      const { outcome } = await proxy.finished(1)
      expect(outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
    })

    // Who only stops reading may still want its upload to arrive.
    test.each(leavings.slice(1))(
      '%s in the middle of its body never has it taken for a whole one',
      async (_, leave) => {
        await using upstream = new WireUpstream()
        await using proxy = await startHttp3Proxy({ servers: [upstream.url], way })
        await using client = await Http3Client.connect(proxy.port)
        const exchange = await client.open({ method: 'POST', body: 'half', staysOpen: true })
        const server = await upstream.request('half\r\n')
        leave({ proxy, client, exchange, server })
        await server.gone()
        expect(server.text).not.toContain('\r\n0\r\n')
        expect((await proxy.finished(1)).outcome?.kind).toBe('aborted')
      },
    )

    test.each(leavings)('%s in the middle of the answer ends it at the server', async (_, leave) => {
      await using upstream = new WireUpstream()
      await using proxy = await startHttp3Proxy({ servers: [upstream.url], way })
      await using client = await Http3Client.connect(proxy.port)
      const exchange = await client.open({})
      const server = await upstream.request()
      server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      await eventually(() => exchange.received() === 'half', 'the first half')
      leave({ proxy, client, exchange, server })
      await server.gone()
      expect((await proxy.finished(1)).outcome?.kind).toBe('aborted')
    })
  })

  test('gives up its fetch ends the exchange with the server', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    using client = new Http3Fetch(proxy.port)
    const abort = new AbortController()
    const answer = client.get('/', { signal: abort.signal })
    const server = await upstream.request()
    abort.abort()
    expect(answer).rejects.toThrow()
    await server.gone()
  })

  test('sends fewer bytes than its Content-Length tells loses its connection, and the server its request', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const { stream } = await client.open({
      method: 'POST',
      fields: { 'content-length': '10' },
      body: 'half',
      staysOpen: true,
    })
    const server = await upstream.request('half')
    stream.writer.endSync()
    await server.gone()
    await within(
      client.session.closed.catch(() => {}),
      'the end of the connection',
    )
    expect((await proxy.finished(1)).outcome?.kind).toBe('aborted')
  })

  test('leaves one exchange leaves the others of its connection alone', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const left = await client.open({ path: '/left' })
    await upstream.request()
    const kept = await client.open({ path: '/kept' })
    const server = await upstream.request()
    left.stream.stopSending(cancelled)
    await proxy.finished(1)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await within(kept.answer, 'the answer')).toMatchObject({ status: 200, failure: undefined })
  })
})

describe('An answer over HTTP/3', () => {
  test.each([
    ['chunked', 'Transfer-Encoding: chunked', '4\r\nhalf\r\n'],
    ['with a length', 'Content-Length: 8', 'half'],
  ])('that breaks off at the server (%s) is reset, and never looks whole', async (_, framing, bytes) => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const { answer, received } = await client.open({})
    const server = await upstream.request()
    server.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${bytes}`)
    await eventually(() => received() === 'half', 'the first half')
    server.close()
    const { status, failure } = await within(answer, 'the end')
    expect(status).toBe(200)
    expect(failure).toContain('258') // H3_INTERNAL_ERROR
  })

  test('comes although the upload has not ended, which the client is then told to stop', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    await using client = await Http3Client.connect(proxy.port)
    const { answer, stream } = await client.open({ method: 'POST', body: 'half', staysOpen: true })
    const server = await upstream.request('half\r\n')
    server.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')
    await eventually(() => stream.destroyed, 'the end of the stream')
    expect(await answer).toMatchObject({ status: 413, body: Buffer.from('no') })
    expect((await proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test('to a client that does not read is not taken from the server faster than that', async () => {
    let sent = 0
    const piece = new Uint8Array(64 * 1024)
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              sent += piece.length
              controller.enqueue(piece)
            },
          }),
        ),
    })
    await using proxy = await startHttp3Proxy({ servers: [server.url.origin], way: 'socket' })
    using client = new Http3Fetch(proxy.port)
    const response = await client.get('/')
    const reader = response.body!.getReader()
    await reader.read()
    let before = -1
    await eventually(async () => {
      const isStill = sent === before
      before = sent
      await Bun.sleep(100)
      return isStill
    }, 'the server to be held')
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    await reader.cancel()
  })
})

describe('A body that comes faster than its server takes it', () => {
  test('is refused before it fills the memory', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    using client = new Http3Fetch(proxy.port)
    let sent = 0
    const piece = new Uint8Array(256 * 1024)
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += piece.length
        controller.enqueue(piece)
      },
    })
    const answer = client.get('/', { method: 'POST', body })
    const server = await upstream.request()
    server.pause()
    expect((await within(answer, 'a refusal', 8000)).status).toBe(413)
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    const { failure } = await proxy.finished(1)
    expect(failure?.code).toBe('client.bodyTooLarge')
  }, 12_000)

  test('waits as long as it is not too much', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], way: 'socket' })
    using client = new Http3Fetch(proxy.port)
    const wholeBytes = 12 * 1024 * 1024
    let sent = 0
    const piece = new Uint8Array(256 * 1024)
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === wholeBytes) return controller.close()
        sent += piece.length
        controller.enqueue(piece)
      },
    })
    const answer = client.get('/', { method: 'POST', body })
    const server = await upstream.request()
    server.pause()
    await eventually(() => sent === wholeBytes, 'the client to be rid of its body')
    server.resume()
    await eventually(() => server.receivedBytes > wholeBytes, 'the whole body', 8000)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect((await within(answer, 'the answer')).status).toBe(200)
  }, 12_000)
})

describe('Shutting down', () => {
  test('lets a request over HTTP/3 end, and takes no new connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startHttp3Proxy({ servers: [upstream.url] })
    await using client = await Http3Client.connect(proxy.port)
    await using idle = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({})
    const server = await upstream.request()
    const down = proxy.shutDown()
    await within(
      idle.session.closed.catch(() => {}),
      'the end of an idle connection',
      1000,
    )
    await expect(Http3Client.connect(proxy.port)).rejects.toThrow()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await within(answer, 'the answer')).toMatchObject({ status: 200, failure: undefined })
    await within(down, 'the end')
  })

  test('cuts what has not ended within the grace time', async () => {
    await using upstream = new WireUpstream()
    const flags = ['entryPoints.web.transport.lifeCycle.graceTimeOut=200ms']
    await using proxy = await startHttp3Proxy({ servers: [upstream.url], flags })
    await using client = await Http3Client.connect(proxy.port)
    const { answer } = await client.open({})
    const server = await upstream.request()
    await within(proxy.shutDown(), 'the end', 1500)
    expect((await within(answer, 'the end of the exchange')).status).toBe(0)
    await server.gone()
    expect((await proxy.finished(1)).outcome).toMatchObject({ kind: 'aborted', error: { code: 'proxy.shutdown' } })
  })
})
