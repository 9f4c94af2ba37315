import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { chunkedBody, noBody } from '../../src/http1/framing.ts'
import {
  encodeInterimHead,
  encodeRequestHead,
  encodeResponseHead,
  parseRequestHead,
  parseResponseHead,
} from '../../src/http1/head.ts'
import { latin1 } from './every-cut.ts'
import { limits } from './read-requests.ts'

const request = { method: 'GET', target: '/a?b', host: 'a.example', headers: [], framing: noBody }
const response = { status: 200, headers: [], framing: noBody }

describe('encodeRequestHead', () => {
  test('writes what parseRequestHead reads', () => {
    const headers = ['X-One', '1', 'x-one', '\xe9 2', 'Empty', '']
    const framing = { kind: 'length', bytes: 5 } as const
    const text = encodeRequestHead({ ...request, method: 'PURGE', headers, framing })
    expect(text).toBe(
      'PURGE /a?b HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\nx-one: \xe9 2\r\nEmpty: \r\nContent-Length: 5\r\n\r\n',
    )
    expect(parseRequestHead(latin1(text), 0, limits)).toMatchObject({
      head: { method: 'PURGE', target: '/a?b', host: 'a.example', headers, framing },
      end: text.length,
    })
  })

  test('announces a chunked body', () => {
    const text = encodeRequestHead({ ...request, framing: chunkedBody })
    expect(text).toBe('GET /a?b HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n')
  })

  test.each(['Host', 'CONTENT-LENGTH', 'transfer-encoding'])('leaves out a second %s', (name) => {
    const text = encodeRequestHead({ ...request, headers: [name, '5'] })
    expect(text).toBe('GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n')
  })

  test.each([
    ['/a b', '/a%20b'],
    ['/a\r\nX: y', '/a%0D%0AX:%20y'],
    ['/\xe9', '/%E9'],
    ['/a#b', '/a%23b'],
    ['/日', '/%E6%97%A5'],
    ['/😀', '/%F0%9F%98%80'],
    ['/\0', '/%00'],
  ])('escapes what would end the target %j', (target, written) => {
    expect(encodeRequestHead({ ...request, target })).toStartWith(`GET ${written} HTTP/1.1\r\n`)
  })

  test('survives half a surrogate pair in the target', () => {
    expect(encodeRequestHead({ ...request, target: '/\ud800' })).toStartWith('GET /%EF%BF%BD HTTP/1.1\r\n')
  })

  test.each(['', 'G T', 'GET / HTTP/1.1\r\nX:', 'GÉT'])('refuses the method %j', (method) => {
    expect(() => encodeRequestHead({ ...request, method })).toThrow(ProxyError)
  })

  test('keeps a host to one line', () => {
    expect(encodeRequestHead({ ...request, host: 'a\r\nX: b' })).toContain('\r\nHost: a  X: b\r\n')
  })
})

describe('a header on its way out', () => {
  test.each([
    ['a\r\nX-Injected: b', 'a  X-Injected: b'],
    ['a\nb', 'a b'],
    ['a\rb', 'a b'],
    ['a\0b\x7f\x1b', 'a b  '],
    ['a\tb', 'a\tb'],
    ['\u010d\u010a', Buffer.from('\u010d\u010a').toString('latin1')],
    ['日本', Buffer.from('日本').toString('latin1')],
  ])('never brings a line of its own: %j', (value, written) => {
    const text = encodeResponseHead({ ...response, headers: ['X', value] })
    expect(text).toBe(`HTTP/1.1 200 OK\r\nX: ${written}\r\n\r\n`)
    expect(parseResponseHead(latin1(text), 0, limits, { requestMethod: 'GET' })).toMatchObject({
      head: { headers: ['X', written.trim()] },
    })
  })

  test.each(['', 'X Y', 'X:', 'X\r\nY', 'Ĉ', 'é'])('is left out when its name is %j', (name) => {
    expect(encodeResponseHead({ ...response, headers: [name, 'a'] })).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })
})

describe('encodeResponseHead', () => {
  test.each([
    [200, { kind: 'length', bytes: 3 }, undefined, 'Content-Length: 3\r\n'],
    [200, { kind: 'chunked' }, undefined, 'Transfer-Encoding: chunked\r\n'],
    [200, { kind: 'until-close' }, undefined, ''],
    [200, { kind: 'none' }, undefined, ''],
    [200, { kind: 'none' }, 70, 'Content-Length: 70\r\n'],
    [304, { kind: 'none' }, 70, 'Content-Length: 70\r\n'],
    [204, { kind: 'length', bytes: 0 }, 0, ''],
    [204, { kind: 'chunked' }, undefined, ''],
    [101, { kind: 'none' }, 5, ''],
  ] as const)('announces for a %d with %j and %p', (status, framing, announcedLength, announced) => {
    const text = encodeResponseHead({ status, headers: ['Content-Length', '9'], framing, announcedLength })
    expect(text.slice(text.indexOf('\r\n') + 2)).toBe(`${announced}\r\n`)
  })

  test('leaves the reason of an unknown status empty', () => {
    expect(encodeResponseHead({ ...response, status: 799 })).toBe('HTTP/1.1 799 \r\n\r\n')
  })
})

describe('encodeInterimHead', () => {
  test('is a head alone', () => {
    expect(encodeInterimHead(100, [])).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(encodeInterimHead(103, ['Link', 'a'])).toBe('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n')
  })
})
