import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${plainFields}${more}\r\n`
const timeouts = 'entryPoints.web.transport.respondingTimeouts'

describe.each(ways)('a client’s connection over %s', (way) => {
  test('carries one request after the other, on one connection to the server', async () => {
    await using upstream = new WireUpstream(answering(okay))
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    for (let count = 0; count < 5; count++) {
      client.send(get('/'))
      expect(await client.take('ok')).not.toContain('Connection:')
    }
    expect(upstream.connections).toHaveLength(1)
  })

  test('gets pipelined answers in order, however slow the first', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get('/1') + get('/2') + get('/3'))
    const server = await upstream.request('/1')
    expect(server.text).not.toContain('/2')
    server.text = ''
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    await client.expect('\r\n\r\n')
    expect(upstream.connections).toHaveLength(1)
    server.send('3\r\none\r\n0\r\n\r\n')
    await client.take('0\r\n\r\n')
    for (const path of ['/2', '/3']) {
      await server.take(path)
      server.send(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${path}`)
      expect(await client.take((text) => text.endsWith(path))).toStartWith('HTTP/1.1 200 OK')
    }
    expect(proxy.exchanges.map(({ request }) => request?.path)).toEqual(['/1', '/2', '/3'])
  })

  test('gets every answer to pipelined requests that a FIN follows', async () => {
    await using upstream = new WireUpstream(answering(okay))
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(get('/1') + get('/2') + get('/3'))
    client.finish()
    const text = await client.toEnd()
    expect(text.split('HTTP/1.1 200 OK')).toHaveLength(4)
    expect(text.match(/Connection: close/g)).toHaveLength(1)
    await client.gone()
    expect(client.goneWith).toBeUndefined()
  })

  test.each([
    ['HTTP/1.0', '', 'close'],
    ['HTTP/1.0', 'Connection: keep-alive\r\n', 'keep-alive'],
    ['HTTP/1.1', 'Connection: close\r\n', 'close'],
    ['HTTP/1.1', 'Connection: keep-alive\r\n', undefined],
  ])('is told what becomes of it: %s %j gives Connection %p', async (version, field, told) => {
    await using upstream = new WireUpstream(answering(okay))
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`GET / ${version}\r\n${plainFields}${field}\r\n`)
    const text = await client.expect('ok')
    expect(/^Connection: (.*)\r$/m.exec(text)?.[1]).toBe(told!)
    if (told === 'close') await client.toEnd()
    else expect(client.hasEnded).toBe(false)
  })

  test('of HTTP/1.0 gets a body of unknown length as far as the end of the connection', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`GET / HTTP/1.0\r\n${plainFields}Connection: keep-alive\r\n\r\n`)
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
    const text = await client.toEnd()
    expect(text).not.toMatch(/transfer-encoding/i)
    expect(text).toEndWith('Connection: close\r\n\r\nhello')
  })

  test('is closed by the response to the last request that it may carry', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const flags = ['entryPoints.web.transport.keepAliveMaxRequests=2']
    await using proxy = await WireProxy.start({ way, servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(get('/') + get('/') + get('/'))
    const text = await client.toEnd()
    expect(text.split('HTTP/1.1 200 OK')).toHaveLength(3)
    expect(text).toEndWith('Connection: close\r\nContent-Length: 2\r\n\r\nok')
  })

  test('is closed by the first response after its age limit', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const flags = ['entryPoints.web.transport.keepAliveMaxTime=1ms']
    await using proxy = await WireProxy.start({ way, servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(get('/'))
    if (!(await client.expect('ok')).includes('Connection: close')) {
      await Bun.sleep(5)
      client.send(get('/'))
    }
    expect(await client.toEnd()).toContain('Connection: close')
  })
})

describe('a limit on requests', () => {
  const cases: [string, string, string[], string][] = [
    ['a head that is too large', get('/', `X: ${'a'.repeat(9000)}\r\n`), ['http.maxHeaderBytes=2000'], '431'],
    ['a head without an end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(9000)}`, ['http.maxHeaderBytes=2000'], '431'],
    ['too many fields', get('/', 'X: a\r\n'.repeat(1001)), [], '431'],
    ['a target that is too long', get(`/${'a'.repeat(66_000)}`), [], '414'],
    ['a target without an end', `GET /${'a'.repeat(66_000)}`, [], '414'],
    ['a head that is too slow', 'GET / HTTP/1.1\r\nHost: a', ['transport.respondingTimeouts.readTimeout=100ms'], '408'],
    [
      'a body that is too slow',
      `POST / HTTP/1.1\r\n${plainFields}Content-Length: 5\r\n\r\nhe`,
      ['transport.respondingTimeouts.readTimeout=100ms'],
      '408',
    ],
    ['a bad chunk', `POST / HTTP/1.1\r\n${plainFields}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, [], '400'],
    ['HTTP/3.0', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', [], '505'],
    ['an unknown expectation', get('/', 'Expect: tea\r\n'), [], '417'],
    ['a coding other than chunked', get('/', 'Transfer-Encoding: gzip\r\n'), [], '501'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', [], '400'],
    ['a broken escape in the path', get('/%zz'), [], '400'],
  ]
  test.each(cases)('refuses %s', async (_, request, settings, status) => {
    await using upstream = new WireUpstream()
    const flags = settings.map((setting) => `entryPoints.web.${setting}`)
    await using proxy = await WireProxy.start({ servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(request)
    const text = await client.expect('\r\n\r\n')
    expect(text).toStartWith(`HTTP/1.1 ${status} `)
    if (status !== '400' || !request.includes('%zz')) {
      await client.toEnd()
      expect(text).toContain('Connection: close\r\n')
    }
    const [entry] = await proxy.accessLog()
    expect(entry).toMatchObject({ DownstreamStatus: Number(status) })
    expect(entry?.['cause']).toBeString()
    await upstream.allGone()
  })

  test('gives a slow body its time as long as it makes progress', async () => {
    await using upstream = new WireUpstream()
    const flags = [`${timeouts}.readTimeout=150ms`]
    await using proxy = await WireProxy.start({ servers: [upstream.url], flags })
    const client = await proxy.connect()
    client.send(`POST / HTTP/1.1\r\n${plainFields}Content-Length: 6144\r\n\r\n`)
    const server = await upstream.request()
    for (let count = 1; count <= 6; count++) {
      await Bun.sleep(60)
      client.send('b'.repeat(1024))
      await server.expect((text) => text.split('b').length > 1024 * count)
    }
    server.send(okay)
    await client.expect('ok')
  })

  test('closes a connection that is idle for too long, without a word', async () => {
    await using upstream = new WireUpstream(answering(okay))
    await using proxy = await WireProxy.start({ servers: [upstream.url], flags: [`${timeouts}.idleTimeout=100ms`] })
    const client = await proxy.connect()
    client.send(get('/'))
    await client.take('ok')
    await client.gone()
    expect(client.text).toBe('')
    expect(client.goneWith).toBeUndefined()
  })

  test.each(ways)('cuts a response that is not written in time, over %s', async (way) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({
      way,
      servers: [upstream.url],
      flags: [`${timeouts}.writeTimeout=100ms`],
    })
    const client = await proxy.connect()
    client.send(get('/'))
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\nab')
    await client.gone()
    expect(client.text).toEndWith('ab')
    await server.gone()
    const [entry] = await proxy.accessLog()
    expect(entry).toMatchObject({ DownstreamStatus: 504, cause: 'write time-out' })
  })

  test('keeps a client that pipelines and never reads from piling up answers', async () => {
    const body = 'x'.repeat(60_000)
    await using upstream = new WireUpstream(answering(`HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n${body}`))
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.pause()
    client.keepsText = false
    const count = 2000
    client.send(get('/').repeat(count))
    let before = -1
    // It stands still once the kernel's buffers towards the client are full.
    while (before !== proxy.exchanges.length) {
      before = proxy.exchanges.length
      await Bun.sleep(100)
    }
    expect(before).toBeLessThan(500)
    client.resume()
    await client.receives(count * 60_000, 8000)
    await proxy.finished(count)
  })
})

describe('a response that ends its connection', () => {
  test('arrives whole at a client that reads late', async () => {
    const size = 16_000_000
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.keepsText = false
    client.send(get('/', 'Connection: close\r\n'))
    const server = await upstream.request()
    server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    await client.receives(1)
    client.pause()
    server.send(Buffer.alloc(size))
    await Bun.sleep(100)
    client.resume()
    await client.receives(size)
    await client.gone()
    expect(client.goneWith).toBeUndefined()
  })
})
