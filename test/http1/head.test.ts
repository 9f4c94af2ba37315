import { describe, expect, test } from 'bun:test'
import {
  parseRequestHead,
  parseResponseHead,
  type HeadResult,
  type RequestHead,
  type ResponseHead,
} from '../../src/http1/head.ts'
import { everyCut, latin1 } from './every-cut.ts'
import { limits } from './read-requests.ts'

type Parse<Head> = (bytes: Buffer, scanned: number) => HeadResult<Head>

/** As a connection parses: again with every piece that comes, until something is known. */
function parsePieces<Head>(pieces: readonly Buffer[], parse: Parse<Head>): HeadResult<Head> {
  let bytes = Buffer.alloc(0)
  let result: HeadResult<Head> = { kind: 'incomplete' }
  for (const piece of pieces) {
    const scanned = bytes.length
    bytes = Buffer.concat([bytes, piece])
    result = parse(bytes, scanned)
    if (result.kind !== 'incomplete') return result
  }
  return result
}

function parseEveryCut<Head>(text: string, parse: Parse<Head>): HeadResult<Head> {
  const bytes = latin1(text)
  const whole = parse(bytes, 0)
  for (const pieces of everyCut(bytes)) {
    const result = parsePieces(pieces, parse)
    // A fault may be found earlier in a part than in the whole, and then be another one; it stays a fault.
    if (whole.kind === 'bad') expect(result.kind).toBe('bad')
    else expect(result).toEqual(whole)
  }
  return whole
}

function request(text: string): RequestHead | string {
  const result = parseEveryCut(text, (bytes, scanned) => parseRequestHead(bytes, 0, limits, scanned))
  if (result.kind === 'head') return result.head
  return result.kind === 'bad' ? result.code : result.kind
}

function response(text: string, requestMethod = 'GET'): ResponseHead | string {
  const result = parseEveryCut(text, (bytes) => parseResponseHead(bytes, 0, limits, { requestMethod }))
  if (result.kind === 'head') return result.head
  return result.kind === 'bad' ? result.code : result.kind
}

describe('parseRequestHead', () => {
  test('gives every part of a request', () => {
    const text =
      'POST /a%2Fb/../c?d=e?f HTTP/1.1\r\nHOST: A.example:8080\r\nx-Twice:  one \r\nContent-Length: 12\r\n' +
      'X-Twice:two\t\r\nX-Empty:\r\nAccept: t\xebxt/html, */*\r\n\r\n'
    expect(request(text)).toEqual({
      method: 'POST',
      target: '/a%2Fb/../c?d=e?f',
      path: '/a%2Fb/../c',
      query: 'd=e?f',
      host: 'A.example:8080',
      version: '1.1',
      headers: ['x-Twice', 'one', 'X-Twice', 'two', 'X-Empty', '', 'Accept', 't\xebxt/html, */*'],
      framing: { kind: 'length', bytes: 12 },
      keepAlive: true,
      expectContinue: false,
      upgrade: undefined,
      scheme: undefined,
    })
  })

  test('tells where the head ends, wherever it began', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    const bytes = latin1(`before${text}after`)
    expect(parseRequestHead(bytes, 6, limits)).toMatchObject({ kind: 'head', end: 6 + text.length })
  })

  test.each([
    ['/', '/', undefined],
    ['/?', '/', ''],
    ['//x', '//x', undefined],
    ['/a|{}"<>^`\\b?c[]', '/a|{}"<>^`\\b', 'c[]'],
    ['/%00%0d%0a', '/%00%0d%0a', undefined],
  ])('keeps the octets of target %s', (target, path, query) => {
    expect(request(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatchObject({ target, path, query, host: 'a' })
  })

  test.each([
    ['GET', 'http://b.example/c?d', '/c', 'd', 'b.example', 'http'],
    ['GET', 'HTTPS://B:444/', '/', undefined, 'B:444', 'https'],
    ['GET', 'http://b', '/', undefined, 'b', 'http'],
    ['GET', 'http://b?c', '/', 'c', 'b', 'http'],
    ['OPTIONS', 'http://b', '*', undefined, 'b', 'http'],
    ['OPTIONS', 'http://[::1]:80/', '/', undefined, '[::1]:80', 'http'],
  ])('takes %s %s, whose authority wins over Host', (method, target, path, query, host, scheme) => {
    const head = request(`${method} ${target} HTTP/1.1\r\nHost: other.example\r\n\r\n`)
    expect(head).toMatchObject({ target, path, query, host, scheme })
  })

  test('takes OPTIONS *', () => {
    expect(request('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ path: '*', query: undefined, host: 'a' })
  })

  test.each([
    ['GET  / HTTP/1.1', 'client.malformed'],
    ['GET /  HTTP/1.1', 'client.malformed'],
    ['GET / HTTP/1.1 ', 'client.malformed'],
    ['GET\t/ HTTP/1.1', 'client.malformed'],
    ['GET /\tHTTP/1.1', 'client.malformed'],
    ['GET /a b HTTP/1.1', 'client.malformed'],
    ['GET HTTP/1.1', 'client.malformed'],
    ['GET  HTTP/1.1', 'client.malformed'],
    ['GET /', 'client.malformed'],
    ['GET', 'client.malformed'],
    ['G(T / HTTP/1.1', 'client.malformed'],
    ['G\xcbT / HTTP/1.1', 'client.malformed'],
    [': / HTTP/1.1', 'client.malformed'],
    ['GET / http/1.1', 'client.malformed'],
    ['GET / HTTP/1', 'client.malformed'],
    ['GET / HTTP/1.', 'client.malformed'],
    ['GET / HTTP/01.1', 'client.malformed'],
    ['GET / HTTP/1.10', 'client.malformed'],
    ['GET / HTTP/ 1.1', 'client.malformed'],
    ['GET / HTTP/1,1', 'client.malformed'],
    ['GET / HTTPS/1.1', 'client.malformed'],
    ['GET / HTTP/0.9', 'client.version'],
    ['GET / HTTP/1.2', 'client.version'],
    ['GET / HTTP/2.0', 'client.version'],
    ['GET / HTTP/9.9', 'client.version'],
    ['GET /a#b HTTP/1.1', 'client.malformed'],
    ['GET /?a#b HTTP/1.1', 'client.malformed'],
    ['GET /\0 HTTP/1.1', 'client.malformed'],
    ['GET /\x7f HTTP/1.1', 'client.malformed'],
    ['GET /\x1f HTTP/1.1', 'client.malformed'],
    ['GET /\xc3\xa9 HTTP/1.1', 'client.malformed'],
    ['GET /\xc0\xaf HTTP/1.1', 'client.malformed'],
    ['GET /a\rb HTTP/1.1', 'client.malformed'],
    ['GET a HTTP/1.1', 'client.malformed'],
    ['GET a.example HTTP/1.1', 'client.malformed'],
    ['GET a.example:80 HTTP/1.1', 'client.malformed'],
    ['GET ?a HTTP/1.1', 'client.malformed'],
    ['GET * HTTP/1.1', 'client.malformed'],
    ['OPTIONS *a HTTP/1.1', 'client.malformed'],
    ['OPTIONS *?a HTTP/1.1', 'client.malformed'],
    ['GET ftp://a/ HTTP/1.1', 'client.malformed'],
    ['GET file:///etc/passwd HTTP/1.1', 'client.malformed'],
    ['GET http:/a HTTP/1.1', 'client.malformed'],
    ['GET http:///a HTTP/1.1', 'client.malformed'],
    ['GET http://?a HTTP/1.1', 'client.malformed'],
    ['GET http://user@a/ HTTP/1.1', 'client.malformed'],
    ['GET http://a@b@c/ HTTP/1.1', 'client.malformed'],
    ['GET http://a:x/ HTTP/1.1', 'client.malformed'],
    ['GET http://a\\@b/ HTTP/1.1', 'client.malformed'],
    ['GET http://[::1/ HTTP/1.1', 'client.malformed'],
    ['CONNECT a.example:443 HTTP/1.1', 'client.connect'],
    ['CONNECT / HTTP/1.1', 'client.connect'],
    [`GET /${'a'.repeat(1024)} HTTP/1.1`, 'client.targetTooLong'],
  ])('refuses the request line %j with %s', (line, code) => {
    expect(request(`${line}\r\nHost: a\r\n\r\n`)).toBe(code)
  })

  test('takes a target of just the allowed length', () => {
    expect(request(`GET /${'a'.repeat(1023)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatchObject({ method: 'GET' })
  })

  test.each([
    ['1.1', '', true],
    ['1.1', 'Connection: keep-alive\r\n', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'connection: X, CLOSE\r\n', false],
    ['1.1', 'Connection: x\r\nConnection: close\r\n', false],
    ['1.1', 'Connection: closed\r\n', true],
    ['1.1', 'Connection: keep-alive, close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: Keep-Alive\r\n', true],
    ['1.0', 'Connection: keep-alive, close\r\n', false],
    ['1.0', 'Connection: x\r\n', false],
  ])('knows whether HTTP/%s with %j stays open', (version, field, keepAlive) => {
    expect(request(`GET / HTTP/${version}\r\nHost: a\r\n${field}\r\n`)).toMatchObject({ keepAlive })
  })

  test.each([
    ['1.1', 'Connection: Upgrade\r\nUpgrade: websocket\r\n', 'websocket'],
    ['1.1', 'Connection: keep-alive, Upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n', 'a, b'],
    ['1.1', 'Upgrade: websocket\r\n', undefined],
    ['1.1', 'Connection: Upgrade\r\n', undefined],
    ['1.0', 'Connection: Upgrade\r\nUpgrade: websocket\r\n', undefined],
  ])('finds the upgrade of HTTP/%s with %j', (version, fields, upgrade) => {
    expect(request(`GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`)).toMatchObject({ upgrade })
  })

  test.each([
    ['1.1', 'Expect: 100-continue\r\n', true],
    ['1.1', 'expect: 100-Continue\r\n', true],
    ['1.0', 'Expect: 100-continue\r\n', false],
  ])('answers HTTP/%s with %j', (version, field, expectContinue) => {
    const head = request(`POST / HTTP/${version}\r\nHost: a\r\nContent-Length: 1\r\n${field}\r\n`)
    expect(head).toMatchObject({ expectContinue })
  })

  test.each(['Expect: 200-ok\r\n', 'Expect:\r\n', 'Expect: 100-continue\r\nExpect: 100-continue\r\n'])(
    'refuses %j with client.expectation',
    (field) => expect(request(`POST / HTTP/1.1\r\nHost: a\r\n${field}\r\n`)).toBe('client.expectation'),
  )

  test('keeps Expect, Connection and Upgrade among the headers', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nExpect: 100-continue\r\n\r\n'
    expect(request(text)).toMatchObject({
      headers: ['Connection', 'upgrade', 'Upgrade', 'x', 'Expect', '100-continue'],
    })
  })

  test.each([
    ['a head that is too big', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(4096)}\r\n\r\n`, 'client.headTooLarge'],
    ['too many fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(20)}\r\n`, 'client.headTooLarge'],
    ['a field name without end', `GET / HTTP/1.1\r\nHost: a\r\n${'a'.repeat(4096)}`, 'client.headTooLarge'],
    ['a target without end', `GET /${'a'.repeat(1100)}`, 'client.targetTooLong'],
    ['a target beyond the whole limit', `GET /${'a'.repeat(5000)} HTTP/1.1\r\n\r\n`, 'client.targetTooLong'],
    ['a method without end', 'A'.repeat(5000), 'client.targetTooLong'],
  ])('refuses %s', (_, text, code) => {
    expect(parseRequestHead(latin1(text), 0, limits)).toMatchObject({ kind: 'bad', code })
    const half = [latin1(text.slice(0, 600)), latin1(text.slice(600))]
    expect(parsePieces(half, (bytes, scanned) => parseRequestHead(bytes, 0, limits, scanned))).toMatchObject({ code })
  })

  test('counts neither an empty line before the head nor the bytes behind it towards the limit', () => {
    const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(4096 - 32)}\r\n\r\n`
    expect(head.length).toBe(4096)
    expect(parseRequestHead(latin1(`\r\n${head}body`), 0, limits)).toMatchObject({ kind: 'head', end: 4098 })
  })

  test.each(['', 'G', '\r', '\r\n', '\r\nG', 'GET /', 'GET / HTTP/1.1\r\nHost: a\r\n', 'GET / HTTP/1.1\r\n\r'])(
    'waits for the rest of %j',
    (text) => expect(request(text)).toBe('incomplete'),
  )
})

describe('parseResponseHead', () => {
  test('gives every part of a response', () => {
    const text =
      'HTTP/1.1 404 Not F\xf6und\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 7\r\nHost: x\r\nX: y\r\n\r\n'
    expect(response(text)).toEqual({
      status: 404,
      reason: 'Not F\xf6und',
      version: '1.1',
      headers: ['Set-Cookie', 'a', 'set-cookie', 'b', 'X', 'y', 'Host', 'x'],
      framing: { kind: 'length', bytes: 7 },
      contentLength: 7,
      keepAlive: true,
      upgrade: undefined,
    })
  })

  test.each([
    ['HTTP/1.1 200 OK', 200, 'OK'],
    ['HTTP/1.1 200 ', 200, ''],
    ['HTTP/1.1 200', 200, ''],
    ['HTTP/1.0 999 a  b', 999, 'a  b'],
    ['HTTP/1.1 100 Continue', 100, 'Continue'],
  ])('takes the status line %j', (line, status, reason) => {
    expect(response(`${line}\r\n\r\n`)).toMatchObject({ status, reason })
  })

  test.each([
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 +20 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 200\tOK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\rK',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.2 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/2 200',
    'http/1.1 200 OK',
    'ICY 200 OK',
    ' HTTP/1.1 200 OK',
    '\r\nHTTP/1.1 200 OK',
    '<html>',
  ])('refuses the status line %j', (line) => {
    expect(response(`${line}\r\n\r\n`)).toBe('upstream.malformed')
  })

  test.each([
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\nContent-Length: 5\r\n',
    'Content-Length: 5, 5\r\n',
    'Content-Length: -1\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'X: a\r\n b\r\n',
    'X: a\nY: b\r\n',
    'X: a\0\r\n',
    'X\r\n',
    ': a\r\n',
    'X: a\r\n'.repeat(21),
    `X: ${'a'.repeat(5000)}\r\n`,
  ])('refuses the fields %j', (fields) => {
    expect(
      parseResponseHead(latin1(`HTTP/1.1 200 OK\r\n${fields}\r\n`), 0, limits, { requestMethod: 'GET' }),
    ).toMatchObject({
      code: 'upstream.malformed',
    })
  })

  test('refuses chunked from HTTP/1.0', () => {
    expect(response('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe('upstream.malformed')
  })

  test('refuses another protocol before a line has come', () => {
    expect(parseResponseHead(latin1('SSH-2.0'), 0, limits, { requestMethod: 'GET' })).toMatchObject({
      code: 'upstream.malformed',
    })
    expect(parseResponseHead(latin1('\x15\x03'), 0, limits, { requestMethod: 'GET' })).toMatchObject({
      code: 'upstream.malformed',
    })
  })

  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', true],
    ['HTTP/1.1 200 OK\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n', true],
    ['HTTP/1.1 204 No Content\r\n', true],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n', true],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n', false],
    ['HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n', false],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n', true],
  ])('knows whether the connection behind %j can be used again', (text, keepAlive) => {
    expect(response(`${text}\r\n`)).toMatchObject({ keepAlive })
  })

  test('tells the length of a body that does not follow', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n'
    expect(response(text, 'HEAD')).toMatchObject({ framing: { kind: 'none' }, contentLength: 70, keepAlive: true })
  })

  test('gives an interim response and the final one as two heads', () => {
    const bytes = latin1('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')
    const interim = parseResponseHead(bytes, 0, limits, { requestMethod: 'GET' })
    if (interim.kind !== 'head') throw new Error(interim.kind)
    expect(interim.head).toMatchObject({ status: 103, headers: ['Link', 'a'], framing: { kind: 'none' } })
    expect(parseResponseHead(bytes, interim.end, limits, { requestMethod: 'GET' })).toMatchObject({
      head: { status: 204 },
    })
  })

  test('finds the protocol that a 101 switches to', () => {
    const text = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    expect(response(text)).toMatchObject({ status: 101, upgrade: 'websocket', framing: { kind: 'none' } })
  })
})
