import { describe, expect, test } from 'bun:test'
import { blackHole } from '../support/black-hole.ts'
import { refusingUrl } from '../support/ports.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import type { WirePeer } from '../support/wire-peer.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const get = (path = '/') => `GET ${path} HTTP/1.1\r\n${plainFields}\r\n`
const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const timeouts = 'serversTransport.forwardingTimeouts'

/** Each way in which a server can fail to answer, and what the client is told (Traefik's table). */
const failures: [string, (server: WirePeer) => void, status: number, code: string][] = [
  ['closes before it answers', (server) => server.close(), 502, 'upstream.reset'],
  ['resets before it answers', (server) => server.reset(), 502, 'upstream.reset'],
  ['answers in another protocol', (server) => server.send('SSH-2.0-OpenSSH\r\n'), 500, 'upstream.malformed'],
  ['sends a bad status', (s) => s.send('HTTP/1.1 2000 OK\r\n\r\n'), 500, 'upstream.malformed'],
  ['sends a bad field', (s) => s.send('HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n'), 500, 'upstream.malformed'],
  [
    'sends both length and coding',
    (s) => s.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    500,
    'upstream.malformed',
  ],
  [
    'sends a coding that nobody asked for',
    (s) => s.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc').close(),
    500,
    'upstream.malformed',
  ],
  [
    'sends two lengths',
    (s) => s.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'),
    500,
    'upstream.malformed',
  ],
  [
    'sends a field without an end',
    (s) => s.send(`HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(2 * 1024 * 1024)}`),
    500,
    'upstream.malformed',
  ],
  [
    'switches protocols unasked',
    (s) => s.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    500,
    'upstream.malformed',
  ],
]

describe.each(ways)('over %s, a server that', (way) => {
  test.each(failures)('%s', async (_, fail, status, code) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    fail(await upstream.request())
    expect(await client.expect('\r\n\r\n')).toStartWith(`HTTP/1.1 ${status} `)
    const { failure } = await proxy.finished(1)
    expect(failure?.code as string).toBe(code)
    expect(client.text).toEndWith(status === 502 ? 'Bad Gateway' : 'Internal Server Error')
    expect(client.isGone).toBe(false)
  })

  test('refuses is a 502, and so is one whose name does not exist', async () => {
    const refusing = refusingUrl
    for (const url of [refusing, 'http://no-such-name.invalid']) {
      await using proxy = await WireProxy.start({ way, servers: [url] })
      const client = await proxy.connect()
      client.send(get())
      expect(await client.expect('Bad Gateway')).toStartWith('HTTP/1.1 502 ')
      const { failure } = await proxy.finished(1)
      expect(failure?.code).toBe(url === refusing ? 'upstream.refused' : 'upstream.unresolved')
    }
  })

  test('takes no connection in time is a 504', async () => {
    await using hole = await blackHole()
    const flags = [`${timeouts}.dialTimeout=150ms`]
    await using proxy = await WireProxy.start({ way, servers: [hole.url], flags })
    const client = await proxy.connect()
    client.send(get())
    expect(await client.expect('Gateway Timeout')).toStartWith('HTTP/1.1 504 ')
    expect((await proxy.finished(1)).failure?.code).toBe('upstream.dialTimeout')
  })

  test('is silent for longer than responseHeaderTimeout is a 504', async () => {
    await using upstream = new WireUpstream()
    const flags = [`${timeouts}.responseHeaderTimeout=100ms`]
    await using proxy = await WireProxy.start({ way, servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    expect(await client.expect('Gateway Timeout')).toStartWith('HTTP/1.1 504 ')
    expect((await proxy.finished(1)).failure?.code).toBe('upstream.responseTimeout')
    await server.gone()
  })

  test('waits for a slow upload is not late before it has all of it', async () => {
    await using upstream = new WireUpstream()
    const flags = [`${timeouts}.responseHeaderTimeout=150ms`]
    await using proxy = await WireProxy.start({ way, servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: 4\r\n\r\nab`)
    const server = await upstream.request('ab')
    await Bun.sleep(250)
    client.send('cd')
    await server.expect('cd')
    server.send(okay)
    expect(await client.expect('ok')).toStartWith('HTTP/1.1 200 ')
  })

  const broken: [string, string][] = [
    ['of known length', 'Content-Length: 100000\r\n\r\nhello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['in the middle of a chunk', 'Transfer-Encoding: chunked\r\n\r\na\r\nhello'],
  ]
  const ends: [string, (server: WirePeer) => void][] = [
    ['FIN', (server) => server.close()],
    ['RST', (server) => server.reset()],
  ]
  for (const [end, leave] of ends) {
    test.each(broken)(`breaks off its body with ${end} cuts the client’s connection: %s`, async (_, start) => {
      await using upstream = new WireUpstream()
      await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
      const client = await proxy.connect()
      client.send(get())
      const server = await upstream.request()
      server.send(`HTTP/1.1 200 OK\r\n${start}`)
      await client.expect('hello')
      leave(server)
      const text = await client.toEnd()
      expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
      expect(text).not.toContain('\r\n0\r\n')
      expect((await proxy.finished(1)).outcome).toMatchObject({ error: { code: 'upstream.truncated' } })
      const [entry] = await proxy.accessLog()
      expect(entry).toMatchObject({ DownstreamStatus: 502, OriginStatus: 200, cause: 'upstream truncated' })
    })
  }

  test('breaks off a body without length, told to an HTTP/1.0 client by a reset', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`GET / HTTP/1.0\r\n${plainFields}\r\n`)
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await client.expect('hello')
    server.close()
    await client.gone()
    expect(client.goneWith).toBeDefined()
  })

  test('sends a bad chunk cuts the client’s connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await client.expect('hello')
    server.send('zz\r\n')
    expect(await client.toEnd()).not.toContain('\r\n0\r\n')
    await server.gone()
  })

  test('sends a body without length ends it by closing', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.0 200 OK\r\n\r\nhel')
    await client.expect('hel')
    server.send('lo').close()
    expect(await client.expect('0\r\n\r\n')).toContain('3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n')
    expect((await proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test('sends more than its length never has the surplus taken for an answer', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const [first, second] = [await proxy.connect(), await proxy.connect()]
    first.send(get('/first'))
    const server = await upstream.request()
    server.send(okay + 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
    await first.expect('ok')
    second.send(get('/second'))
    const other = await upstream.request('/second')
    expect(other).not.toBe(server)
    other.send(okay)
    expect(await second.expect('ok')).not.toContain('poison')
    expect(first.text).not.toContain('poison')
  })

  test('sends a second answer unasked never has it taken for one', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const [first, second] = [await proxy.connect(), await proxy.connect()]
    first.send(get('/first'))
    const server = await upstream.request()
    server.send(okay)
    await first.expect('ok')
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
    await server.gone()
    second.send(get('/second'))
    const other = await upstream.request('/second')
    other.send(okay)
    expect(await second.expect('ok')).not.toContain('poison')
  })

  test('closes with its answer gets no second request on that connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    for (const path of ['/1', '/2']) {
      client.send(get(path))
      const server = await upstream.request(path)
      server.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
      expect(await client.take('ok')).not.toContain('Connection')
      await server.gone()
    }
  })
})

describe('over fetch, a server that', () => {
  test('breaks off a small body is a 502, since nothing of it has been sent on yet', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'fetch', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello').close()
    expect(await client.expect('Bad Gateway')).toMatch(/^HTTP\/1\.1 502 [^]*\r\n\r\nBad Gateway$/)
    expect((await proxy.finished(1)).failure?.code).toBe('upstream.truncated')
  })

  test('is slow with a small body is in time with its head', async () => {
    await using upstream = new WireUpstream()
    const flags = [`${timeouts}.responseHeaderTimeout=100ms`]
    await using proxy = await WireProxy.start({ way: 'fetch', servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
    await Bun.sleep(200)
    server.send('world')
    expect(await client.expect('world')).toStartWith('HTTP/1.1 200 ')
  })
})

describe('over socket, a server that', () => {
  test('closes in the middle of its head is a 500', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nX: a').close()
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
  })

  test.each(failures)('%s, and loses its connection', async (_, fail) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    fail(await upstream.request())
    await client.expect('\r\n\r\n')
    await upstream.allGone()
  })

  test('has closed a kept connection gets a safe request again, on another', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get('/1'))
    const kept = await upstream.request('/1')
    kept.send(okay)
    await client.take('ok')
    client.send(get('/2'))
    await kept.expect('/2')
    kept.close()
    const fresh = await upstream.request('/2')
    fresh.send(okay)
    expect(await client.take('ok')).toStartWith('HTTP/1.1 200 ')
    client.send(get('/3'))
    await fresh.expect('/3')
    fresh.close()
    const last = await upstream.request('/3')
    last.close()
    expect(await client.take('Bad Gateway')).toStartWith('HTTP/1.1 502 ')
    expect(upstream.connections).toHaveLength(3)
  })

  test('has closed a kept connection never gets a POST again', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get('/1'))
    const kept = await upstream.request('/1')
    kept.send(okay)
    await client.take('ok')
    client.send(`POST /2 HTTP/1.1\r\n${plainFields}Content-Length: 4\r\n\r\nbody`)
    await kept.expect('body')
    kept.close()
    expect(await client.take('Bad Gateway')).toStartWith('HTTP/1.1 502 ')
    expect(upstream.connections).toHaveLength(1)
  })

  test('sends a head without an end', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    server.send(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(1_100_000)}`)
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    await server.gone()
  })

  test('floods with interim responses is cut off', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.keepsText = false
    client.send(get())
    const server = await upstream.request()
    server.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(30_000))
    await server.gone()
    expect((await proxy.finished(1)).failure?.code).toBe('upstream.malformed')
  })

  test('sends hints has them passed on, each with its fields', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get())
    const server = await upstream.request()
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    server.send(hints)
    await client.expect(hints)
    server.send(`HTTP/1.1 102 Processing\r\n\r\n${okay}`)
    expect(await client.expect('ok')).toStartWith(`${hints}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n`)
  })
})
