import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import type { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const get = `GET / HTTP/1.1\r\n${plainFields}\r\n`
const post = (fields: string) => `POST / HTTP/1.1\r\n${plainFields}${fields}\r\n\r\n`

const farewells: [string, (client: WirePeer) => void][] = [
  ['FIN and close', (client) => client.close()],
  ['RST', (client) => client.reset()],
]

/** Brings an exchange into a phase, and gives the server's side of it. */
type Phase = (client: WirePeer, upstream: WireUpstream) => Promise<WirePeer>

const phases: [string, Phase][] = [
  [
    'its body of known length',
    (client, upstream) => {
      client.send(`${post('Content-Length: 100')}half`)
      return upstream.request('half')
    },
  ],
  [
    'its chunked body',
    (client, upstream) => {
      client.send(`${post('Transfer-Encoding: chunked')}4\r\nhalf\r\n`)
      return upstream.request('half')
    },
  ],
  [
    'the wait for the server',
    (client, upstream) => {
      client.send(get)
      return upstream.request()
    },
  ],
  [
    'the wait for the server after an upload',
    (client, upstream) => {
      client.send(`${post('Content-Length: 4')}body`)
      return upstream.request('body')
    },
  ],
  [
    'a chunked response that stands still',
    async (client, upstream) => {
      client.send(get)
      const server = await upstream.request()
      server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
      await client.expect('hello')
      return server
    },
  ],
  [
    'a response that flows',
    async (client, upstream) => {
      client.send(get)
      const server = await upstream.request()
      server.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      server.send(Buffer.alloc(30_000_000))
      client.keepsText = false
      await client.receives(100_000)
      return server
    },
  ],
  [
    'a response that it has stopped reading',
    async (client, upstream) => {
      client.send(get)
      const server = await upstream.request()
      server.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      await client.expect('\r\n\r\n')
      client.pause()
      server.send(Buffer.alloc(30_000_000))
      while (server.unsentBytes === 0) await Bun.sleep(5)
      return server
    },
  ],
]

describe.each(ways)('over %s, a client that vanishes', (way) => {
  for (const [phase, enter] of phases) {
    test.each(farewells)(`in the middle of ${phase} takes the server’s request with it: %s`, async (_, leave) => {
      await using upstream = new WireUpstream()
      await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
      const client = await proxy.connect()
      const server = await enter(client, upstream)
      leave(client)
      await server.toEnd()
      const { outcome } = await proxy.finished(1)
      expect(outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
      const [entry, ...others] = await proxy.accessLog()
      expect(entry).toMatchObject({ DownstreamStatus: 499, cause: 'client reset' })
      expect(others).toEqual([])
      await upstream.allGone()
    })
  }

  test.each(farewells)('in the middle of its head is forgotten: %s', async (_, leave) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send('GET / HTTP/1.1\r\nHost')
    await Bun.sleep(20)
    leave(client)
    expect(await proxy.accessLog()).toEqual([])
    expect(upstream.connections).toEqual([])
  })

  test.each(farewells)('with pipelined requests leaves none behind: %s', async (_, leave) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get + get + get)
    const server = await upstream.request()
    leave(client)
    await server.toEnd()
    expect((await proxy.finished(1)).outcome).toMatchObject({ kind: 'aborted' })
    await proxy.accessLog()
    expect(upstream.connections).toHaveLength(1)
    expect(proxy.exchanges).toHaveLength(1)
  })
})

describe.each(ways)('over %s, a client that only ends its own side', (way) => {
  test('gets the response at once when it is there soon, and nothing else', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get).finish()
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const text = await client.toEnd()
    expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
    expect(text).toEndWith('\r\n\r\nok')
    expect((await proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test('gets a late response, behind one interim that asks whether it is there', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get).finish()
    const server = await upstream.request()
    await client.expect('HTTP/1.1 100 Continue\r\n\r\n')
    await Bun.sleep(100)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const text = await client.toEnd()
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
  })

  test('gets a chunked response that goes on for long, with one zero too many at most', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get)
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
    await client.take('one\r\n')
    client.finish()
    await Bun.sleep(120)
    server.send('3\r\ntwo\r\n')
    await client.expect('two')
    await Bun.sleep(60)
    server.send('0\r\n\r\n')
    expect(await client.toEnd()).toBe('03\r\ntwo\r\n0\r\n\r\n')
    expect((await proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test('of HTTP/1.0 gets a late response without any interim', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`GET / HTTP/1.0\r\n${plainFields}\r\n`).finish()
    const server = await upstream.request()
    await Bun.sleep(120)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
  })
})
