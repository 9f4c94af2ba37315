import { describe, expect, test } from 'bun:test'
import { bytesBody, emptyBody } from '../../src/http/body.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import type { Handler } from '../../src/http/message.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { recovery } from '../../src/http/recovery.ts'
import { reply } from '../../src/http/reply.ts'
import { Http1Session } from '../../src/http1/server.ts'
import { listen } from '../../src/net/listen.ts'
import { createLog } from '../../src/observe/log.ts'
import { WirePeer } from '../support/wire-peer.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** A server of HTTP/1 around one handler, with recovery in front of it unless `bare`. */
function serve(handler: Handler, bare = false) {
  const exchanges: Exchange[] = []
  const entries: string[] = []
  const log = createLog({ level: 'DEBUG', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
  const chain = bare ? handler : recovery(log)(handler)
  const options = {
    entryPoint: 'web',
    limits: { maxHeadBytes: 10_000, maxTargetBytes: 1000, maxFields: 50 },
    readTimeoutMs: 5000,
    writeTimeoutMs: 0,
    idleTimeoutMs: 5000,
    keepAliveMaxRequests: 0,
    keepAliveMaxTimeMs: 0,
    handler: () => chain,
    isDraining: () => false,
    finished: (exchange: Exchange) => void exchanges.push(exchange),
  }
  const client = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 1, tls: undefined }
  const listener = listen({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    accept: (connection) => new Http1Session(connection, client, options).start(undefined),
  })
  return { port: listener.port, exchanges, entries, [Symbol.dispose]: () => listener.stop() }
}

class Mishap extends Error {}

describe('a layer that fails', () => {
  test.each<[string, Handler]>([
    [
      'throws at once',
      () => {
        throw new Mishap('oops')
      },
    ],
    ['rejects', () => Promise.reject(new Mishap('oops'))],
    ['throws what is no error', () => Promise.reject('oops')],
  ])('costs its request a 500 and nothing else when it %s', async (_, failing) => {
    using server = serve((request) => (request.path === '/bad' ? failing(request) : Promise.resolve(reply(200, 'ok'))))
    const client = await WirePeer.connect(server.port)
    client.send(get('/bad') + get('/good'))
    const text = await client.expect('ok')
    expect(text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n[^]*Internal Server ErrorHTTP\/1\.1 200 OK/)
    expect(text).not.toContain('oops')
    expect(server.entries.join('')).toContain('oops')
    expect(server.entries.join('')).toContain('stack=')
    expect(server.exchanges[0]?.failure?.code).toBe('proxy.unexpected')
    client.close()
  })

  test('costs its request a 500 also where nobody recovers', async () => {
    using server = serve(() => Promise.reject(new Mishap('oops')), true)
    const client = await WirePeer.connect(server.port)
    client.send(get('/'))
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    client.close()
  })

  test('costs its connection when its body throws instead of failing', async () => {
    const body = {
      ...emptyBody,
      length: undefined,
      pipe: () => {
        throw new Mishap('oops')
      },
    }
    using server = serve((request) =>
      Promise.resolve(request.path === '/bad' ? { status: 200, headers: [], body } : reply(200, 'ok')),
    )
    const client = await WirePeer.connect(server.port)
    client.send(get('/bad'))
    await client.gone()
    expect(server.exchanges[0]?.outcome).toMatchObject({ kind: 'aborted', error: { code: 'proxy.unexpected' } })
    const other = await WirePeer.connect(server.port)
    other.send(get('/good'))
    expect(await other.expect('ok')).toStartWith('HTTP/1.1 200 OK\r\n')
    other.close()
  })

  test('lets go of a response that it has taken and not handed on', async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>()
    using server = serve(async ({ exchange }) => {
      exchange.onCancel({ cancelled: () => resolve() })
      throw new Mishap('oops')
    })
    const client = await WirePeer.connect(server.port)
    client.send(get('/'))
    await client.expect('\r\n\r\n')
    await letGo
    client.close()
  })
})

describe('a body of a layer’s own', () => {
  test.each([
    ['longer', 'Content-Length: 2', bytesBody(Buffer.from('longer'))],
    ['shorter', 'Content-Length: 9', bytesBody(Buffer.from('short'))],
  ])('that is %s than it says cuts the connection', async (_, announced, bytes) => {
    const length = Number(announced.split(' ')[1])
    const body = pullBody({ length, read: () => bytes.read(), cancel: () => {} })
    using server = serve(() => Promise.resolve({ status: 200, headers: [], body }))
    const client = await WirePeer.connect(server.port)
    client.send(get('/') + get('/'))
    await client.gone()
    expect(client.text).toContain(announced)
    expect(client.text.split('\r\n\r\n')[1]!.length).toBeLessThanOrEqual(length)
    expect(server.exchanges).toHaveLength(1)
    expect(server.exchanges[0]?.outcome).toMatchObject({ kind: 'aborted', error: { code: 'upstream.truncated' } })
  })
})
