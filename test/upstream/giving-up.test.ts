import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { http2Transport } from '../../src/upstream/http2.ts'
import { eventually } from '../support/eventually.ts'
import { makeRequest } from '../support/request.ts'
import { get, transportOptions, transports } from '../support/transport.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const http1 = { send: () => Promise.reject(new Error('not to be used')) }
const all = [
  ...transports,
  ['http2', (options: Parameters<typeof http2Transport>[0]) => http2Transport(options, http1)],
] as const

/** Accepts, and never takes part in a handshake. */
const silent = new WireUpstream()
const url = silent.url.replace('http:', 'https:')
afterAll(() => silent[Symbol.asyncDispose]())

describe.each(all)('%s to a server that never answers the TLS handshake', (_, build) => {
  beforeEach(() => void silent.connections.splice(0))

  test('gives up with the client, at once', async () => {
    const transport = build(transportOptions({ dialTimeoutMs: 60_000 }))
    const { exchange } = makeRequest()
    const outcome = get(transport, url, { exchange }).catch((thrown) => thrown)
    await eventually(() => silent.openCount > 0, 'connection')
    const gone = new ProxyError('client.reset', 'test')
    exchange.cancel(gone)
    expect(await outcome).toBe(gone)
    transport.close()
  })

  test('gives up after dialTimeout, and leaves no connection behind', async () => {
    const transport = build(transportOptions({ dialTimeoutMs: 50, responseHeaderTimeoutMs: 0 }))
    const error = await get(transport, url).catch((thrown) => thrown)
    expect(error.code).toBe('upstream.dialTimeout')
    await silent.allGone()
    transport.close()
  })
})
