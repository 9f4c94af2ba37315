import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { textBody } from '../../src/http/body.ts'
import { headerValue } from '../../src/http/headers.ts'
import type { HttpResponse } from '../../src/http/message.ts'
import { codings, type Coding } from '../../src/middleware/accept-encoding.ts'
import { compress } from '../../src/middleware/compress.ts'
import { decode } from '../support/decode.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { PieceSource } from '../support/piece-source.ts'
import { asObject, makeRequest, makeResponse, pass, type RequestParts } from '../support/request.ts'

const long = 'hello compress '.repeat(200)
const accepting = (accepted: string): RequestParts => ({ headers: ['Accept-Encoding', accepted] })
const gzip = accepting('gzip')

interface Given {
  readonly options?: unknown
  readonly request?: RequestParts
  readonly response?: Partial<HttpResponse>
}

async function through({ options = true, request = gzip, response = {} }: Given): Promise<HttpResponse> {
  const answer = makeResponse({ body: textBody(long), headers: ['Content-Type', 'text/plain'], ...response })
  return (await pass(buildMiddleware(compress, options), makeRequest(request), answer)).response
}

async function readBytes(response: HttpResponse): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let piece = await response.body.read(); piece !== undefined; piece = await response.body.read())
    pieces.push(piece)
  return Buffer.concat(pieces)
}

function codingOf(response: HttpResponse): string | undefined {
  return headerValue(response.headers, 'content-encoding')
}

describe.each([...codings])('compress with %s', (coding) => {
  const options = { encodings: [coding] }
  const request = accepting(coding)

  test('encodes a body that has come whole, and tells its length', async () => {
    const response = await through({ options, request })
    const bytes = await readBytes(response)
    expect(decode(bytes, coding)).toBe(long)
    expect(response.body.length).toBe(bytes.length)
    expect(asObject(response.headers)).toEqual({
      'Content-Type': 'text/plain',
      'Content-Encoding': coding,
      Vary: 'Accept-Encoding',
    })
  })

  test.each([
    ['of many pieces', long.length + 4],
    ['that is big', 5_000_000],
    ['of unknown length', undefined],
  ])('encodes a body %s as it comes', async (_, length) => {
    const source = new PieceSource(length)
    const response = await through({ options, request, response: { body: (source.give(long), source.body) } })
    source.give('rest')
    source.end()
    expect(response.body.length).toBeUndefined()
    expect(decode(await readBytes(response), coding)).toBe(`${long}rest`)
  })

  test('says so before a stream has sent anything', async () => {
    const headers = ['Content-Type', 'text/event-stream']
    const response = await through({ options, request, response: { headers, body: new PieceSource().body } })
    expect(codingOf(response)).toBe(coding)
  })

  test.each([1023, 1024])('encodes from 1024 bytes on: %i', async (length) => {
    const response = await through({ options, request, response: { body: textBody('x'.repeat(length)) } })
    expect(codingOf(response)).toBe(length < 1024 ? undefined : coding)
    expect(headerValue(response.headers, 'vary')).toBe('Accept-Encoding')
    if (length < 1024) expect(response.body.length).toBe(length)
  })

  test('drops what is true of the plain bytes alone', async () => {
    const headers = ['ETag', '"a"', 'Accept-Ranges', 'bytes', 'Content-Digest', 'x', 'Repr-Digest', 'x', 'X-A', 'b']
    const response = await through({ options, request, response: { headers } })
    expect(asObject(response.headers)).toEqual({
      ETag: 'W/"a"',
      'X-A': 'b',
      Vary: 'Accept-Encoding',
      'Content-Encoding': coding,
    })
  })

  test.each([
    ['is encoded already', { headers: ['Content-Encoding', 'br'] }],
    ['is part of the whole', { status: 206, headers: ['Content-Range', 'bytes 0-9/10'] }],
    ['has several parts', { status: 206, headers: ['Content-Type', 'multipart/byteranges; boundary=x'] }],
    ['tells the range that there is', { status: 416, headers: ['Content-Range', 'bytes */10'] }],
    ['is gRPC', { headers: ['Content-Type', 'application/grpc'] }],
    ['is gRPC with a format', { headers: ['Content-Type', 'Application/gRPC+proto'] }],
    ['has no content', { status: 204 }],
  ] as [string, Partial<HttpResponse>][])('leaves the body alone that %s', async (_, response) => {
    const body = textBody(long)
    const given = await through({ options, request, response: { ...response, body } })
    expect(given.body).toBe(body)
    expect(codingOf(given)).toBe(headerValue(response.headers ?? [], 'content-encoding'))
    expect(headerValue(given.headers, 'vary')).toBe('Accept-Encoding')
  })

  test('lets the failure of a body through', async () => {
    const source = new PieceSource(2000)
    const failing = through({ options, request, response: { body: source.body } })
    const failure = new ProxyError('upstream.truncated', 'cut')
    source.fail(failure)
    expect(await failing.catch((thrown) => thrown)).toBe(failure)
  })
})

describe('compress', () => {
  test.each([
    ['a HEAD', { method: 'HEAD', ...gzip }],
    ['a request without Accept-Encoding', {}],
    ['an empty Accept-Encoding', accepting('')],
    ['a client that wants it plain', accepting('identity')],
    ['gRPC', { headers: ['Accept-Encoding', 'gzip', 'Content-Type', 'application/grpc'] }],
    ['a client that wants no transforming', { headers: ['Accept-Encoding', 'gzip', 'Cache-Control', 'no-transform'] }],
  ] as [string, RequestParts][])('has no part in %s', async (_, parts) => {
    const answer = makeResponse({ body: textBody(long) })
    const { response } = await pass(buildMiddleware(compress, true), makeRequest(parts), answer)
    expect(response).toBe(answer)
  })

  test('has no part in a response that must not be transformed', async () => {
    const answer = makeResponse({ body: textBody(long), headers: ['Cache-Control', 'public, No-Transform'] })
    expect((await pass(buildMiddleware(compress, true), makeRequest(gzip), answer)).response).toBe(answer)
  })

  test('has no part in a change of protocol', async () => {
    const upgrade = { start: () => Promise.resolve(), refuse: () => {} }
    const answer = makeResponse({ status: 101, upgrade })
    expect((await pass(buildMiddleware(compress, true), makeRequest(gzip), answer)).response).toBe(answer)
  })

  test('gives a 304 the tag that the whole response has', async () => {
    const response = await through({ response: { status: 304, headers: ['ETag', '"a"'], body: textBody('') } })
    expect(asObject(response.headers)).toEqual({ ETag: 'W/"a"', Vary: 'Accept-Encoding' })
  })

  test.each([
    [['Vary', 'Origin'], 'Origin | Accept-Encoding'],
    [['Vary', 'Origin, accept-encoding'], 'Origin, accept-encoding'],
  ])('says once that the response varies: %p', async (headers, vary) => {
    expect(asObject((await through({ response: { headers } })).headers)['Vary']).toBe(vary)
  })

  test('leaves a weak tag weak', async () => {
    expect(asObject((await through({ response: { headers: ['etag', 'W/"a"'] } })).headers)['etag']).toBe('W/"a"')
  })

  test.each([
    [{ encodings: ['zstd', 'gzip'] }, 'gzip, br, zstd', 'zstd'],
    [true, 'gzip;q=0.5, br', 'br'],
    [{ defaultEncoding: 'zstd' }, '*', 'zstd'],
    [{ defaultEncoding: 'br' }, undefined, 'br'],
    [true, '*', undefined],
    [{ defaultEncoding: 'gzip' }, undefined, undefined],
  ])('with %o answers Accept-Encoding %p with %p', async (options, accepted, coding) => {
    const request = accepted === undefined ? {} : accepting(accepted)
    const response = await through({ options, request })
    expect(codingOf(response)).toBe(coding)
    expect(headerValue(response.headers, 'vary')).toBe('Accept-Encoding')
    const bytes = await readBytes(response)
    expect(coding === undefined ? bytes.toString() : decode(bytes, coding as Coding)).toBe(long)
  })

  test('reads Accept-Encoding in several fields', async () => {
    const request = { headers: ['Accept-Encoding', 'gzip;q=0.1', 'Accept-Encoding', 'br'] }
    expect(codingOf(await through({ request }))).toBe('br')
  })

  test.each([
    [{ minResponseBodyBytes: 10 }, 10, 'gzip'],
    [{ minResponseBodyBytes: 10 }, 9, undefined],
    [{ minResponseBodyBytes: 0 }, 1023, undefined],
    [{ minResponseBodyBytes: 0 }, 1024, 'gzip'],
  ])('with %o makes of %i bytes %p', async (options, length, coding) => {
    expect(codingOf(await through({ options, response: { body: textBody('x'.repeat(length)) } }))).toBe(coding)
  })

  const gif = 'GIF89a'
  const excluding = { excludedContentTypes: ['image/gif', 'Application/Custom; a=b'] }
  const including = { includedContentTypes: ['application/json'] }
  test.each([
    [excluding, 'gzip', 'image/gif', undefined],
    [excluding, 'br', 'Image/GIF; x=y', undefined],
    [excluding, 'gzip', 'application/custom', undefined],
    [excluding, 'gzip', 'text/html; charset=utf-8', 'gzip'],
    [including, 'gzip', 'application/json; charset=utf-8', 'gzip'],
    [including, 'br', 'text/html', undefined],
    [{ includedContentTypes: 'application/grpc' }, 'br', 'application/grpc', undefined],
    // Types that can't be read, or are not there.
    [true, 'gzip', 'text/', 'gzip'],
    [true, 'br', 'text/', undefined],
    [including, 'gzip', 'text/', undefined],
    [including, 'br', undefined, 'br'],
    [including, 'gzip', undefined, undefined],
    [excluding, 'gzip', undefined, undefined],
    [excluding, 'zstd', undefined, 'zstd'],
    [true, 'gzip', undefined, 'gzip'],
  ])('with %o and %s gives a body of type %p as %p', async (options, accepted, type, coding) => {
    const headers = type === undefined ? [] : ['Content-Type', type]
    const text = gif + long
    const body = textBody(text)
    const response = await through({ options, request: accepting(accepted), response: { headers, body } })
    expect(codingOf(response)).toBe(coding)
    const bytes = await readBytes(response)
    expect(coding === undefined ? bytes.toString() : decode(bytes, coding as Coding)).toBe(text)
  })

  test('has no part in a request of an excluded type', async () => {
    const request = { headers: ['Accept-Encoding', 'gzip', 'Content-Type', 'text/event-stream; x=y'] }
    const response = await through({ options: { excludedContentTypes: 'text/event-stream' }, request })
    expect(asObject(response.headers)).toEqual({ 'Content-Type': 'text/plain' })
  })

  test.each([
    ['gzip', undefined, undefined],
    ['br', 'br', '1'],
  ])('with %s hears No-Gzip-Compression: %p', async (accepted, coding, left) => {
    const headers = ['No-Gzip-Compression', '1']
    const response = await through({ request: accepting(accepted), response: { headers } })
    expect(codingOf(response)).toBe(coding)
    expect(headerValue(response.headers, 'no-gzip-compression')).toBe(left)
  })

  test.each([
    [
      { excludedContentTypes: ['a/b'], includedContentTypes: ['c/d'] },
      'has both excludedContentTypes and includedContentTypes (only one of them can be given)',
    ],
    [{ encodings: ['gzip', 'deflate'] }, 'encodings[1]: "deflate" is not known (expected "gzip", "br" or "zstd")'],
    [{ encodings: [] }, 'encodings: is empty (at least one encoding is needed)'],
    [{ encodings: ['gzip'], defaultEncoding: 'br' }, 'has a defaultEncoding, "br", that is not one of its encodings'],
    [
      { excludedContentTypes: ['text/html', 'a b'] },
      'excludedContentTypes[1]: is not a media type: "a b" (such as "text/html")',
    ],
    [{ minResponseBodyBytes: -1 }, 'minResponseBodyBytes: is out of range: -1 (expected a whole number, at least 0)'],
  ])('refuses %o', (options, problem) => {
    expect(problemsOf(compress, options)).toContain(problem)
  })

  test.each([true, {}])('takes its defaults from %p', async (options) => {
    expect(codingOf(await through({ options }))).toBe('gzip')
  })
})
