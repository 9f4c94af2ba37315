import { describe, expect, test } from 'bun:test'
import { chooseTransport } from '../../src/upstream/choose.ts'
import type { Transport } from '../../src/upstream/transport.ts'
import { makeResponse } from '../support/request.ts'
import { get } from '../support/transport.ts'

function named(name: string): Transport {
  return { send: () => Promise.resolve(makeResponse({ headers: ['X-Way', name] })), close: () => {} }
}

describe('chooseTransport', () => {
  test.each([
    ['http://a', { fastProxy: false, verifiesPeerNames: false }, {}, 'fetch'],
    ['http://a', { fastProxy: true, verifiesPeerNames: false }, {}, 'socket'],
    ['https://a', { fastProxy: true, verifiesPeerNames: false }, {}, 'fetch'],
    ['https://a', { fastProxy: false, verifiesPeerNames: true }, {}, 'socket'],
    ['http://a', { fastProxy: false, verifiesPeerNames: true }, {}, 'fetch'],
    ['unix:/run/a.sock', { fastProxy: false, verifiesPeerNames: false }, {}, 'fetch'],
    ['http://a', { fastProxy: false, verifiesPeerNames: false }, { method: 'LINK' }, 'socket'],
    ['http://a', { fastProxy: false, verifiesPeerNames: false }, { target: '/a/../b' }, 'socket'],
    ['http://a', { fastProxy: false, verifiesPeerNames: false }, { headers: ['Accept', '*/*'] }, 'socket'],
    ['http://a', { fastProxy: false, verifiesPeerNames: false }, { upgrade: 'websocket' }, 'socket'],
  ])('to %s with %j and %j goes by %4$s', async (url, options, parts, way) => {
    const transport = chooseTransport({ fetch: named('fetch'), socket: named('socket'), ...options })
    expect((await get(transport, url, parts)).headers).toEqual(['X-Way', way])
  })
})
