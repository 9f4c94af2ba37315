import { describe, expect, test } from 'bun:test'
import { pullBody } from '../../src/http/pull-body.ts'
import { chooseTransport } from '../../src/upstream/choose.ts'
import type { Transport } from '../../src/upstream/transport.ts'
import { makeResponse } from '../support/request.ts'
import { get } from '../support/transport.ts'

function named(name: string): Transport {
  return { send: () => Promise.resolve(makeResponse({ headers: ['X-Way', name] })), close: () => {} }
}

function upload(length: number | undefined) {
  return { method: 'POST', body: pullBody({ length, read: () => Promise.resolve(undefined), cancel: () => {} }) }
}

const plain = { fastProxy: false, verifiesPeerNames: false, disableHttp2: false }
const fast = { ...plain, fastProxy: true }
const verifying = { ...plain, verifiesPeerNames: true }

describe('chooseTransport', () => {
  test.each([
    ['http://a', plain, {}, 'fetch'],
    ['http://a', fast, {}, 'socket'],
    ['https://a', { ...fast, disableHttp2: true }, {}, 'fetch'],
    ['https://a', { ...verifying, disableHttp2: true }, {}, 'socket'],
    ['https://a', plain, {}, 'http2'],
    ['https://a', plain, { upgrade: 'websocket' }, 'socket'],
    ['h2c://a', { ...fast, disableHttp2: true }, {}, 'http2'],
    ['http://a', verifying, {}, 'fetch'],
    ['unix:/run/a.sock', plain, {}, 'fetch'],
    ['http://a', plain, { method: 'LINK' }, 'socket'],
    ['http://a', plain, { target: '/a/../b' }, 'socket'],
    ['http://a', plain, { headers: ['Accept', '*/*'] }, 'socket'],
    ['http://a', plain, { upgrade: 'websocket' }, 'socket'],
    ['http://a', plain, { headers: ['User-Agent', 't', 'Accept', '*/*', 'TE', 'trailers'] }, 'socket'],
    ['http://a', plain, { headers: ['User-Agent', 't', 'Accept', '*/*', 'Trailer', 'X-Sum'] }, 'socket'],
    ['http://a', plain, { headers: ['User-Agent', 't', 'Accept', '*/*', 'X-A', '1', 'x-a', '2'] }, 'socket'],
    ['http://a', plain, { headers: ['User-Agent', 't', 'Accept', '*/*', 'Sec-Fetch-Mode', 'navigate'] }, 'socket'],
    ['http://a', plain, { headers: ['User-Agent', 't', 'Accept', '*/*', 'Sec-Fetch-Mode', 'cors'] }, 'fetch'],
    ['http://a', plain, upload(1_048_576), 'fetch'],
    ['http://a', plain, upload(1_048_577), 'socket'],
    ['http://a', plain, upload(undefined), 'socket'],
  ])('to %s with %j and %j goes by %4$s', async (url, options, parts, way) => {
    const ways = { fetch: named('fetch'), socket: named('socket'), http2: () => named('http2') }
    const transport = chooseTransport({ ...ways, ...options })
    expect((await get(transport, url, parts)).headers).toEqual(['X-Way', way])
  })
})
