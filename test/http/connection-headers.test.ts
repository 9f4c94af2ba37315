import { describe, expect, test } from 'bun:test'
import {
  incomingResponseHeaders,
  isWebSocketUpgrade,
  outgoingRequestHeaders,
  upgradeProtocol,
} from '../../src/http/connection-headers.ts'
import type { Headers } from '../../src/http/headers.ts'
import { asObject, makeRequest } from '../support/request.ts'

function outgoing(headers: Headers, appendForwardedFor = false): Record<string, string> {
  return asObject(outgoingRequestHeaders(makeRequest({ headers }), { appendForwardedFor }))
}

const hopByHop = [
  'Connection',
  'Proxy-Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'proxy-authorization',
  'TE',
  'Trailer',
  'Upgrade',
]

describe('outgoingRequestHeaders', () => {
  test.each(hopByHop)('removes %s', (name) => {
    expect(outgoing([name, 'x', 'Accept', '*/*'])).toEqual({ Accept: '*/*' })
  })

  test('keeps order, case and repeats of the rest and invents nothing', () => {
    const headers = ['accept', 'a', 'Cookie', 'c', 'ACCEPT', 'b', 'Priority', 'u=1', 'User-Agent', '']
    expect(outgoingRequestHeaders(makeRequest({ headers }), { appendForwardedFor: false })).toEqual(headers)
  })

  test('removes what Connection still lists', () => {
    expect(outgoing(['Connection', 'X-Foo, x-bar', 'X-Bar', '1', 'x-foo', '2', 'Y', '3'])).toEqual({ Y: '3' })
  })

  test.each([['trailers'], ['gzip, Trailers'], ['trailers, deflate']])('says Te: trailers for a TE of %s', (value) => {
    expect(outgoing(['te', value])).toEqual({ Te: 'trailers' })
  })

  test('says an upgrade anew', () => {
    expect(outgoing(['Connection', 'keep-alive, Upgrade', 'Upgrade', 'websocket'])).toEqual({
      Connection: 'Upgrade',
      Upgrade: 'websocket',
    })
  })

  test('drops an Upgrade that Connection does not name', () => {
    expect(outgoing(['Connection', 'close', 'Upgrade', 'websocket'])).toEqual({})
  })

  test('appends no peer for a request that the proxy makes itself', () => {
    const request = makeRequest({ headers: ['X-Forwarded-For', '1.1.1.1'], synthetic: true })
    expect(outgoingRequestHeaders(request, { appendForwardedFor: true })).toEqual(['X-Forwarded-For', '1.1.1.1'])
  })

  test('refuses an upgrade to a protocol whose name is not printable', () => {
    expect(() => outgoing(['Connection', 'Upgrade', 'Upgrade', 'we\xffb'])).toThrow('not printable')
  })

  test.each([
    ['none', [], true, '203.0.113.9'],
    ['one', ['X-Forwarded-For', '1.1.1.1'], true, '1.1.1.1, 203.0.113.9'],
    ['two lines', ['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2'], true, '1.1.1.1, 2.2.2.2, 203.0.113.9'],
    ['one, not appending', ['X-Forwarded-For', '1.1.1.1'], false, '1.1.1.1'],
    ['none, not appending', [], false, undefined],
    ['an empty one', ['X-Forwarded-For', ''], true, undefined],
  ])('makes X-Forwarded-For of %s', (_, headers, append, expected) => {
    expect(outgoing(headers, append)['X-Forwarded-For']).toBe(expected as string)
  })
})

describe('incomingResponseHeaders', () => {
  test.each(hopByHop.filter((name) => name !== 'Trailer'))('removes %s', (name) => {
    expect(incomingResponseHeaders([name, 'x', 'Server', 'nginx'], 200)).toEqual(['Server', 'nginx'])
  })

  test('removes what Connection lists', () => {
    expect(incomingResponseHeaders(['X-Hop', '1', 'Connection', 'x-hop, close', 'ETag', 'e'], 200)).toEqual([
      'ETag',
      'e',
    ])
  })

  test('hands a list with nothing to remove on as it is', () => {
    const headers = ['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Trailer', 'Grpc-Status']
    expect(incomingResponseHeaders(headers, 200)).toBe(headers)
  })

  test('says the upgrade of a 101 anew, and of no other status', () => {
    const headers = ['Connection', 'upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'x']
    expect(asObject(incomingResponseHeaders(headers, 101))).toEqual({
      'Sec-WebSocket-Accept': 'x',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
    })
    expect(incomingResponseHeaders(headers, 426)).toEqual(['Sec-WebSocket-Accept', 'x'])
  })
})

describe('upgradeProtocol', () => {
  test('is the protocol only where Connection names Upgrade', () => {
    expect(upgradeProtocol(['Connection', 'a, UPGRADE', 'Upgrade', 'h2c'])).toBe('h2c')
    expect(upgradeProtocol(['Connection', 'close', 'Upgrade', 'h2c'])).toBeUndefined()
    expect(isWebSocketUpgrade(['Connection', 'upgrade', 'Upgrade', 'WebSocket'])).toBe(true)
    expect(isWebSocketUpgrade(['Connection', 'upgrade', 'Upgrade', 'h2c'])).toBe(false)
  })
})
