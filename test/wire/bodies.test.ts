import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = `GET / HTTP/1.1\r\n${plainFields}\r\n`
const post = (fields: string) => `POST / HTTP/1.1\r\n${plainFields}${fields}\r\n\r\n`

describe.each(ways)('a body over %s', (way) => {
  test('of known length keeps it, both ways', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${post('Content-Length: 5')}he`)
    const server = await upstream.request('he')
    client.send('llo')
    await server.expect('hello')
    expect(server.text).toMatch(/\r\nContent-Length: 5\r\n/i)
    expect(server.text).not.toMatch(/chunked/i)
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nwo')
    await client.expect('wo')
    server.send('r'.repeat(99_998))
    await client.expect((text) => text.endsWith(`wo${'r'.repeat(99_998)}`))
    expect(client.text).toContain('Content-Length: 100000\r\n')
  })

  test('in chunks is passed on piece by piece as it comes, both ways', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${post('Transfer-Encoding: chunked')}5;x=y\r\nhello\r\n`)
    const server = await upstream.request('5\r\nhello\r\n')
    client.send('6\r\n world\r\n0\r\n\r\n')
    await server.expect('6\r\n world\r\n0\r\n\r\n')
    expect(server.text).toMatch(/\r\nTransfer-Encoding: chunked\r\n/i)
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
    await client.expect('3\r\none\r\n')
    server.send('3\r\ntwo\r\n')
    await client.expect('3\r\ntwo\r\n')
    server.send('0\r\n\r\n')
    await client.expect('3\r\ntwo\r\n0\r\n\r\n')
    const exchange = await proxy.finished(1)
    expect([exchange.requestBytes > 10, exchange.responseBytes]).toEqual([true, 6])
  })

  test.each([
    ['POST', 'Content-Length: 0'],
    ['PUT', 'Content-Length: 0'],
    ['GET', undefined],
  ])('that is empty is announced where its absence would surprise: %s', async (method, announced) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${method} / HTTP/1.1\r\n${plainFields}Content-Length: 0\r\n\r\n`)
    const server = await upstream.request()
    expect(/^(Content-Length|Transfer-Encoding):.*$/im.exec(server.text)?.[0].trimEnd()).toBe(announced!)
    server.send(okay)
    await client.expect('ok')
  })
})

describe('trailers', () => {
  test('of a request and of its response arrive', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way: 'socket', servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${post('Te: trailers\r\nTransfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n`)
    const server = await upstream.request('X-Sum')
    expect(server.text).toEndWith('2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n')
    server.send(
      'HTTP/1.1 200 OK\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nho\r\n0\r\nx-End: 2\r\n\r\n',
    )
    const text = await client.expect('x-End')
    expect(text).toContain('\r\nTrailer: X-End\r\n')
    expect(text).toEndWith('2\r\nho\r\n0\r\nx-End: 2\r\n\r\n')
  })
})

describe('a client that waits for 100 (Continue)', () => {
  const waiting = post('Expect: 100-continue\r\nContent-Length: 4')

  test('gets it from the server, and then the answer', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(waiting)
    const server = await upstream.request('Expect: 100-continue')
    expect(client.text).toBe('')
    server.send('HTTP/1.1 100 Continue\r\n\r\n')
    await client.take('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('body')
    await server.expect('body')
    server.send(okay)
    expect(await client.expect('ok')).toStartWith('HTTP/1.1 200 ')
    expect(client.text).not.toContain('Connection: close')
  })

  test('is refused by the server without sending a byte', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(waiting)
    const server = await upstream.request()
    server.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    const text = await client.toEnd()
    expect(text).toStartWith('HTTP/1.1 403 Forbidden\r\n')
    expect(text).toContain('Connection: close\r\n')
    await server.gone()
    expect(server.text).not.toContain('body')
  })

  test('is told to go on when the server stays silent for a second', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    const start = performance.now()
    client.send(waiting)
    const server = await upstream.request()
    await client.take('HTTP/1.1 100 Continue\r\n\r\n')
    expect(performance.now() - start).toBeGreaterThan(900)
    client.send('body')
    await server.expect('body')
    server.send(okay)
    await client.expect('ok')
  })

  test('needs no telling when it sends at once', async () => {
    await using upstream = new WireUpstream(answering('HTTP/1.1 100 Continue\r\n\r\n'))
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${waiting}body`)
    const server = await upstream.accept()
    await server.expect('body')
    server.send(okay)
    expect(await client.expect('ok')).toStartWith('HTTP/1.1 200 ')
  })

  test('gets no 100 from a route that never reads the body', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    const client = await proxy.connect()
    client.send(waiting)
    expect(await client.toEnd()).toStartWith('HTTP/1.1 404 ')
  })
})

describe.each(ways)('over %s, an answer to an unfinished upload', (way) => {
  test.each([
    ['known length', 'Content-Length: 20000000', 'x'.repeat(100)],
    ['chunks', 'Transfer-Encoding: chunked', '5\r\nhello\r\n'],
  ])('is delivered, and the rest goes nowhere: %s', async (_, field, start) => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(post(field) + start)
    const server = await upstream.request(start.slice(3, 6))
    server.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno')
    expect(await client.expect('\r\n\r\nno')).toStartWith('HTTP/1.1 413 ')
    await server.toEnd()
    expect((await proxy.finished(1)).outcome).toEqual({ kind: 'complete' })
  })

  test('that is short leaves the connection open for the next request', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`${post('Content-Length: 200000')}begin`)
    const server = await upstream.request('begin')
    server.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno')
    await client.take('\r\n\r\nno')
    client.send('x'.repeat(200_000 - 5) + get)
    const next = await upstream.request('GET / ')
    next.send(okay)
    expect(await client.take('ok')).toStartWith('HTTP/1.1 200 ')
  })
})

describe('a body that nobody reads', () => {
  test('is swallowed up to a limit, and the connection goes on', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    const client = await proxy.connect()
    client.send(post('Content-Length: 200000'))
    expect(await client.take('404 page not found\n')).not.toContain('Connection: close')
    client.send('x'.repeat(200_000) + get)
    expect(await client.take('404 page not found\n')).toStartWith('HTTP/1.1 404 ')
  })

  test('is cut off beyond it', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    const client = await proxy.connect()
    client.send(`${post('Transfer-Encoding: chunked')}fffff\r\n${'x'.repeat(600_000)}`)
    await client.toEnd()
    expect(client.text).toStartWith('HTTP/1.1 404 ')
  })
})
