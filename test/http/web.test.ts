import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { bytesBody, textBody, type BodySink } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { fromWebResponse, toWebRequest } from '../../src/http/web.ts'
import { makeRequest, readText, someTls } from '../support/request.ts'

const gone = new ProxyError('client.reset', 'gone')

/** A stream that makes a piece only when asked, and tells how many it has made and whether it was cancelled. */
function countingStream(pieces: number) {
  const seen = { made: 0, cancelledWith: undefined as unknown }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.made === pieces) return controller.close()
        seen.made++
        controller.enqueue(new Uint8Array([seen.made]))
      },
      cancel(reason) {
        seen.cancelledWith = reason
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

describe('toWebRequest', () => {
  test('carries target, host, repeated fields and method', () => {
    const headers = ['Cookie', 'a=1', 'X-A', '1', 'x-a', '2']
    const request = toWebRequest(makeRequest({ host: 'a.test:8080', path: '/p%2Fq', query: 'x=1', headers }))
    expect(request.url).toBe('http://a.test:8080/p%2Fq?x=1')
    expect(request.headers.get('x-a')).toBe('1, 2')
    expect(request.headers.get('host')).toBe('a.test:8080')
    expect(request.method).toBe('GET')
    expect(request.body).toBeNull()
  })

  test('has the https scheme over TLS, and some host where HTTP/1.0 sent none', () => {
    const request = toWebRequest(makeRequest({ host: '', path: '', client: { tls: someTls } }))
    expect(request.url).toBe('https://localhost/')
    expect(request.headers.has('host')).toBe(false)
  })

  test.each(['PURGE', 'TRACE', 'FOO', 'get'])('keeps the method %s', (method) => {
    expect(toWebRequest(makeRequest({ method })).method).toBe(method)
  })

  test('carries the body and its length', async () => {
    const request = toWebRequest(makeRequest({ method: 'POST', body: textBody('hello') }))
    expect(request.headers.get('content-length')).toBe('5')
    expect(await request.text()).toBe('hello')
  })

  test('reads no body before it is asked for, and cancels what is not wanted', async () => {
    let reads = 0
    let cancelled: ProxyError | undefined
    const body = pullBody({
      read: () => Promise.resolve(new Uint8Array([reads++])),
      cancel: (reason) => (cancelled = reason),
    })
    const request = toWebRequest(makeRequest({ method: 'POST', body }))
    await Promise.resolve()
    expect(reads).toBe(0)
    await request.body!.cancel(gone)
    expect(cancelled).toBe(gone)
  })

  test('is aborted when the client goes away', () => {
    const request = makeRequest()
    const made = toWebRequest(request)
    request.exchange.cancel(gone)
    expect(made.signal.aborted).toBe(true)
  })
})

describe('fromWebResponse', () => {
  test('carries status, fields in canonical case, and each Set-Cookie', async () => {
    const response = fromWebResponse(
      new Response('hello', {
        status: 201,
        headers: [
          ['set-cookie', 'a=1'],
          ['x-b', '2'],
          ['set-cookie', 'b=2'],
        ],
      }),
    )
    expect(response.status).toBe(201)
    expect(response.headers).toContain('X-B')
    expect(response.headers.filter((part) => part === 'Set-Cookie')).toHaveLength(2)
    expect(await readText(response.body)).toBe('hello')
  })

  test('makes the Content-Length the length of the body', async () => {
    const response = fromWebResponse(new Response('hello', { headers: { 'content-length': '5' } }))
    expect(response.headers).not.toContain('Content-Length')
    expect(response.body.length).toBe(5)
    expect(await readText(response.body)).toBe('hello')
  })

  test('announces the length of a response that has no body', () => {
    const response = fromWebResponse(new Response(null, { headers: { 'content-length': '5' } }))
    expect(response.body.length).toBe(0)
    expect(response.announcedLength).toBe(5)
  })

  test.each([
    ['fewer', '6'],
    ['more', '4'],
  ])('fails when %s bytes come than were announced', async (_, length) => {
    const { body } = fromWebResponse(new Response('hello', { headers: { 'content-length': length } }))
    await expect(readText(body)).rejects.toMatchObject({ code: 'upstream.truncated' })
  })

  test('pulls a piece only when asked for one', async () => {
    const { stream, seen } = countingStream(3)
    const { body } = fromWebResponse(new Response(stream))
    const before = seen.made
    await body.read()
    expect(seen.made).toBe(before + 1)
  })

  test('waits for a slow sink', async () => {
    const { stream, seen } = countingStream(3)
    const { body } = fromWebResponse(new Response(stream))
    const ended = Promise.withResolvers<void>()
    let first = Promise.withResolvers<void>()
    const pieces: number[] = []
    const sink: BodySink = {
      write(piece) {
        pieces.push(piece[0]!)
        first.resolve()
        return false
      },
      end: () => ended.resolve(),
      fail: ended.reject,
    }
    body.pipe(sink)
    for (const expected of [[1], [1, 2], [1, 2, 3]]) {
      await first.promise
      expect(pieces).toEqual(expected)
      expect(seen.made).toBe(expected.length)
      first = Promise.withResolvers()
      body.resume()
    }
    await ended.promise
  })

  test('cancels the stream with the reason', async () => {
    const { stream, seen } = countingStream(3)
    const { body } = fromWebResponse(new Response(stream))
    await body.read()
    body.cancel(gone)
    expect(seen.cancelledWith).toBe(gone)
  })

  test('tells a failing stream as the caller blames it, and swallows nothing twice', async () => {
    const fail = () => {
      throw new TypeError('socket closed')
    }
    const response = new Response(new ReadableStream({ pull: fail }, { highWaterMark: 0 }))
    const { body } = fromWebResponse(response, (thrown) => new ProxyError('upstream.reset', String(thrown), thrown))
    await expect(body.read()).rejects.toMatchObject({ code: 'upstream.reset' })
    body.cancel(gone)
  })
})

test('bytes go through Request and Response unchanged', async () => {
  const bytes = new Uint8Array(256).map((_, at) => at)
  const request = toWebRequest(makeRequest({ method: 'POST', body: bytesBody(bytes) }))
  const { body } = fromWebResponse(new Response(request.body))
  expect(await body.read()).toEqual(bytes)
  expect(await body.read()).toBeUndefined()
})
