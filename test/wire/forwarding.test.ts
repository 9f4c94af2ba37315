import { hostname } from 'node:os'
import { describe, expect, test } from 'bun:test'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const raw = ['entryPoints.web.http.sanitizePath=false']
const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Sends one request through a proxy of its own and gives what the server saw and what the client got. */
async function exchange(
  options: Parameters<typeof WireProxy.start>[0],
  request: string,
  answer = okay,
): Promise<{ seen: string; got: string }> {
  await using upstream = new WireUpstream()
  await using proxy = await WireProxy.start({ ...options, servers: [upstream.url] })
  const client = await proxy.connect()
  client.send(request)
  const server = await upstream.request()
  const seen = server.text
  server.send(answer)
  await client.expect('\r\n\r\n')
  await proxy.finished(1)
  return { seen, got: client.text }
}

function fieldLines(head: string): string[] {
  return head.split('\r\n\r\n')[0]!.split('\r\n').slice(1)
}

describe.each(ways)('a request line over %s', (way) => {
  test.each([
    ['GET', '/plain?a=1&b=%20'],
    ['MADE-UP!', '/'],
    ['get', '/'],
    ['QUERY', '/q'],
    ['PROPFIND', '/dav/'],
    ['TRACE', '/'],
    ['GET', '/a/../b/./c//d'],
    ['GET', '/%2e%2e/x'.replaceAll('%2e', '.')],
    ['GET', '/{a}"<b>|^`'],
    ['GET', "/it's/(x)*!"],
    ['GET', '/a%2Fb%3Fc'],
    ['GET', '/?'],
    ['GET', '/?x=a/../b&y="{}"'],
    ['GET', '/a?b?c=%zz'],
    ['DELETE', '/a:b@c,d=e+f'],
    ['OPTIONS', '*'],
  ])('is forwarded octet for octet: %s %s', async (method, target) => {
    const { seen, got } = await exchange({ way, flags: raw }, `${method} ${target} HTTP/1.1\r\n${plainFields}\r\n`)
    expect(seen.split('\r\n')[0]).toBe(`${method} ${target} HTTP/1.1`)
    expect(got).toEndWith('\r\n\r\nok')
  })

  test('of absolute form becomes origin form, its authority the Host', async () => {
    const { seen } = await exchange({ way }, `GET http://B.test:81/x?y HTTP/1.1\r\n${plainFields}\r\n`)
    expect(seen).toStartWith('GET /x?y HTTP/1.1\r\n')
    expect(fieldLines(seen)).toContain('Host: B.test:81')
  })

  test('is cleaned of dot segments and double slashes unless told otherwise', async () => {
    const { seen } = await exchange({ way }, `GET /a/%2e%2e//b HTTP/1.1\r\n${plainFields}\r\n`)
    expect(seen).toStartWith('GET /b HTTP/1.1\r\n')
  })
})

describe.each(ways)('the fields of a request over %s', (way) => {
  test('lose what concerned the connection and gain what tells of the client', async () => {
    const { seen } = await exchange(
      { way },
      `GET / HTTP/1.1\r\n${plainFields}Connection: keep-alive, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\n` +
        `Proxy-Connection: x\r\nProxy-Authorization: x\r\nX-Forwarded-For: 9.9.9.9\r\nTe: trailers, gzip\r\nUpgrade: h2c\r\n\r\n`,
    )
    const lines = fieldLines(seen).filter((line) => !/^Connection: keep-alive$/.test(line))
    expect(lines.sort()).toEqual(
      [
        'Host: a.test',
        'User-Agent: t',
        'Accept: */*',
        'X-Real-Ip: 127.0.0.1',
        'X-Forwarded-Proto: http',
        'X-Forwarded-Port: 80',
        'X-Forwarded-Host: a.test',
        `X-Forwarded-Server: ${hostname()}`,
        'X-Forwarded-For: 127.0.0.1',
        'Te: trailers',
      ].sort(),
    )
  })

  test('keep octets beyond ASCII, empty values and odd names', async () => {
    const { seen } = await exchange(
      { way },
      `GET / HTTP/1.1\r\n${plainFields}X-B: \xe9\xff\r\nX-E:\r\n__proto__: p\r\n\r\n`,
    )
    expect(fieldLines(seen)).toContain('X-B: \xe9\xff')
    expect(fieldLines(seen).map((line) => line.trimEnd())).toContain('X-E:')
    expect(fieldLines(seen)).toContain('__proto__: p')
  })

  test('gain no User-Agent, Accept or Accept-Encoding', async () => {
    const { seen } = await exchange({ way }, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(seen).not.toMatch(/user-agent|accept/i)
  })

  test('carry the server’s Host when the client’s is not to be passed', async () => {
    const { seen } = await exchange({ way, balancer: 'passHostHeader: false' }, `GET / HTTP/1.1\r\n${plainFields}\r\n`)
    expect(seen).toMatch(/\r\nHost: 127\.0\.0\.1:\d+\r\n/)
  })

  test('carry the server’s Host when HTTP/1.0 sent none', async () => {
    const { seen } = await exchange({ way }, 'GET / HTTP/1.0\r\n\r\n')
    expect(seen).toMatch(/^GET \/ HTTP\/1\.1\r\n(.*\r\n)*Host: 127\.0\.0\.1:\d+\r\n/)
  })
})

describe('the fields of a message over socket', () => {
  test('keep order, case and repeats in a request', async () => {
    const own = ['X-b: 1', 'x-A: 2', 'X-B: 3', 'cOOkie: a=1', 'Cookie: b=2']
    const { seen } = await exchange({ way: 'socket' }, `GET / HTTP/1.1\r\nHost: a.test\r\n${own.join('\r\n')}\r\n\r\n`)
    expect(fieldLines(seen).slice(0, 6)).toEqual(['Host: a.test', ...own])
  })

  test('keep order, case and repeats in a response', async () => {
    const own = ['x-B: 1', 'X-a: 2', 'X-b: 3', 'Set-Cookie: a=1', 'set-cookie: b=2', 'Date: then', 'SERVER: s']
    const { got } = await exchange(
      { way: 'socket' },
      `GET / HTTP/1.1\r\n${plainFields}\r\n`,
      `HTTP/1.1 200 Odd Reason\r\n${own.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`,
    )
    expect(fieldLines(got)).toEqual([...own, 'Content-Length: 2'])
  })
})

describe.each(ways)('the fields of a response over %s', (way) => {
  test('lose what concerned the connection', async () => {
    const { got } = await exchange(
      { way },
      `GET / HTTP/1.1\r\n${plainFields}\r\n`,
      'HTTP/1.1 200 OK\r\nDate: then\r\nConnection: close, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\n' +
        'Proxy-Authenticate: x\r\nUpgrade: h2c\r\nX-Kept: \xe9\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok',
    )
    expect(fieldLines(got).sort()).toEqual(
      ['Date: then', 'X-Kept: \xe9', 'Set-Cookie: a', 'Set-Cookie: b', 'Content-Length: 2'].sort(),
    )
  })

  test.each([
    ['HEAD', '200 OK', 'Content-Length: 1234', 'Content-Length: 1234'],
    ['HEAD', '200 OK', 'Transfer-Encoding: chunked', undefined],
    ['HEAD', '200 OK', 'X: y', undefined],
    ['GET', '304 Not Modified', 'Content-Length: 1234', 'Content-Length: 1234'],
    ['GET', '304 Not Modified', 'ETag: "a"', undefined],
    ['GET', '204 No Content', 'X: y', undefined],
    ['GET', '200 OK', 'Content-Length: 0', 'Content-Length: 0'],
  ])('announce the length of what does not follow only where the server did: %s %s %s', async (...row) => {
    const [method, status, field, announced] = row
    await using upstream = new WireUpstream(answering(`HTTP/1.1 ${status}\r\n${field}\r\n\r\n`))
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    for (const path of ['/1', '/2']) {
      client.send(`${method} ${path} HTTP/1.1\r\n${plainFields}\r\n`)
      const got = await client.take(/^HTTP\/1\.1 .*\r\n\r\n$/s)
      expect(got).toStartWith(`HTTP/1.1 ${status}\r\n`)
      expect(/^(content-length|transfer-encoding): .*$/im.exec(got)?.[0].trimEnd()).toBe(announced!)
    }
  })
})

describe.each(ways)('a GET with a body over %s', (way) => {
  test('keeps it', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ way, servers: [upstream.url] })
    const client = await proxy.connect()
    client.send(`GET / HTTP/1.1\r\n${plainFields}Content-Length: 5\r\n\r\nhello`)
    const server = await upstream.request('hello')
    expect(server.text).toContain('Content-Length: 5\r\n')
    server.send(okay)
    await client.expect('ok')
  })
})

describe('CONNECT', () => {
  test('is refused with 501 and reaches no server', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await WireProxy.start({ servers: [upstream.url] })
    const client = await proxy.connect()
    client.send('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n')
    expect(await client.toEnd()).toStartWith('HTTP/1.1 501 ')
    expect(upstream.connections).toEqual([])
    expect((await proxy.finished(1)).failure?.code).toBe('client.connect')
  })
})
