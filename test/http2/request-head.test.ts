import { describe, expect, test } from 'bun:test'
import { readRequestHead, readTrailers } from '../../src/http2/request-head.ts'

const limits = { maxHeadBytes: 2000, maxTargetBytes: 100, maxFields: 20 }
const pseudo = [':method', 'GET', ':scheme', 'https', ':path', '/a?b', ':authority', 'a.test']

function withPseudo(name: string, value: string): string[] {
  return pseudo.map((text, at) => (at % 2 === 1 && pseudo[at - 1] === name ? value : text))
}

describe('The head of an HTTP/2 request', () => {
  test('is read with its fields in order and its cookies in one', () => {
    const raw = [...pseudo, 'x-a', '1', 'cookie', 'a=1', 'x-a', '2', 'cookie', 'b=2', 'content-length', '5']
    expect(readRequestHead(raw, limits)).toEqual({
      kind: 'head',
      method: 'GET',
      path: '/a',
      query: 'b',
      host: 'a.test',
      headers: ['X-A', '1', 'Cookie', 'a=1; b=2', 'X-A', '2'],
      contentLength: 5,
      expectContinue: false,
      isWebSocket: false,
    })
  })

  test('is that of a WebSocket when an extended CONNECT asks for one', () => {
    const raw = [...withPseudo(':method', 'CONNECT'), ':protocol', 'websocket', 'sec-websocket-version', '13']
    const headers = ['Sec-Websocket-Version', '13']
    expect(readRequestHead(raw, limits)).toMatchObject({ method: 'GET', path: '/a', isWebSocket: true, headers })
  })

  test.each<[string, string[]]>([
    ['no method', pseudo.slice(2)],
    ['no path', withPseudo(':path', '')],
    ['a method that is no token', withPseudo(':method', 'G ET')],
    ['a pseudo field that is none of a request', [...pseudo, ':status', '200']],
    ['a pseudo field after another field', ['x-a', '1', ...pseudo]],
    ['a pseudo field twice', [...pseudo, ':path', '/']],
    ['two hosts', [...pseudo, 'host', 'a.test', 'host', 'a.test']],
    ['a line feed in a value', [...pseudo, 'x-a', 'b\nc']],
    ['a line feed in the path', withPseudo(':path', '/\r\nx: y')],
    ['keep-alive', [...pseudo, 'keep-alive', '1']],
    ['proxy-connection', [...pseudo, 'proxy-connection', 'close']],
    ['a protocol without CONNECT', [...pseudo, ':protocol', 'websocket']],
    ['an extended CONNECT without a path', [':method', 'CONNECT', ':protocol', 'websocket', ':authority', 'a.test']],
    ['a length that is a list', [...pseudo, 'content-length', '5, 5']],
  ])('is malformed with %s', (_, raw) => {
    expect(readRequestHead(raw, limits).kind).toBe('malformed')
  })

  test.each<[string, string[], string]>([
    ['a target that is too long', withPseudo(':path', `/${'a'.repeat(200)}`), 'client.targetTooLong'],
    ['a head that is too large', [...pseudo, 'x-a', 'b'.repeat(3000)], 'client.headTooLarge'],
    ['too many fields', [...pseudo, ...Array.from({ length: 40 }, () => 'x')], 'client.headTooLarge'],
    ['CONNECT', withPseudo(':method', 'CONNECT'), 'client.connect'],
    [
      'CONNECT to another protocol',
      [...withPseudo(':method', 'CONNECT'), ':protocol', 'connect-udp'],
      'client.connect',
    ],
    ['no authority', pseudo.slice(0, 6), 'client.malformed'],
    ['a path that is an URL', withPseudo(':path', 'http://a.test/'), 'client.malformed'],
    ['a star without OPTIONS', withPseudo(':path', '*'), 'client.malformed'],
    ['a space in the path', withPseudo(':path', '/a b'), 'client.malformed'],
  ])('is refused with %s', (_, raw, code) => {
    expect(readRequestHead(raw, limits)).toMatchObject({ kind: 'bad', code })
  })

  test('may ask about the server itself', () => {
    const raw = withPseudo(':path', '*').map((text) => (text === 'GET' ? 'OPTIONS' : text))
    expect(readRequestHead(raw, limits)).toMatchObject({ path: '*', query: undefined })
  })
})

describe('Trailers', () => {
  test('are fields', () => {
    expect(readTrailers(['x-sum', '1'])).toEqual(['X-Sum', '1'])
  })

  test.each([[[':path', '/']], [['connection', 'close']], [['x-a', 'b\r\nc']]])('are malformed with %j', (raw) => {
    expect(readTrailers(raw)).toBeUndefined()
  })
})
