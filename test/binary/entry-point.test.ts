import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { rawClient } from '../support/raw-client.ts'
import { anyPort, buildExecutable, curl, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const whoami = { http: { routers: { whoami: { rule: 'PathPrefix(`/`)', service: 'whoami@internal' } } } }

function startWith(http: object, dynamic: object = whoami) {
  return startProxy({ static: { entryPoints: { web: { ...anyPort, http } } }, dynamic })
}

function locationOf(head: string): string | undefined {
  return /^location: (.*)\r?$/im.exec(head)?.[1]
}

describe('http.redirections', () => {
  test('leads to the port that an entry point on port 0 has got', async () => {
    const entryPoints = {
      web: { ...anyPort, http: { redirections: { entryPoint: { to: 'secure' } } } },
      secure: { ...anyPort, http: { tls: {} } },
    }
    await using proxy = await startProxy({ static: { entryPoints }, dynamic: whoami })
    const { status, head } = await curl(proxy.port('web'), 'http://a.test/x?y=1')
    expect(status).toBe(301)
    expect(locationOf(head)).toBe(`https://a.test:${proxy.port('secure')}/x?y=1`)
    expect((await curl(proxy.port('secure'), 'https://a.test/', '-k')).status).toBe(200)
  })

  test.each([
    [{ to: ':443' }, 308, 'https://a.test/x'],
    [{ to: ':8443', permanent: false }, 307, 'https://a.test:8443/x'],
    [{ to: ':8080', scheme: 'http' }, 308, 'http://a.test:8080/x'],
  ])('%j answers a POST with %d to %s', async (entryPoint, status, location) => {
    await using proxy = await startWith({ redirections: { entryPoint } })
    const answer = await curl(proxy.port(), 'http://a.test/x', '-d', 'body')
    expect({ status: answer.status, location: locationOf(answer.head) }).toEqual({ status, location })
  })

  test('gives way to a router of a higher priority', async () => {
    const dynamic = { http: { routers: { high: { rule: 'Path(`/up`)', service: 'noop@internal', priority: 9 } } } }
    await using proxy = await startWith({ redirections: { entryPoint: { to: ':443', priority: 5 } } }, dynamic)
    expect((await curl(proxy.port(), 'http://a.test/up')).status).toBe(418)
    expect((await curl(proxy.port(), 'http://a.test/other')).status).toBe(301)
  })
})

describe('the entry point’s', () => {
  test('http.middlewares go before the router’s own', async () => {
    const prefix = (prefix: string) => ({ addPrefix: { prefix } })
    const dynamic = {
      http: {
        routers: { whoami: { ...whoami.http.routers.whoami, middlewares: ['own'] } },
        middlewares: { own: prefix('/own'), outer: prefix('/outer') },
      },
    }
    await using proxy = await startWith({ middlewares: ['outer@file'] }, dynamic)
    expect((await curl(proxy.port(), 'http://a.test/x')).body).toContain('GET /own/outer/x HTTP/1.1')
  })

  test('http.tls holds for routers without tls of their own', async () => {
    await using proxy = await startWith({ tls: {} })
    expect((await curl(proxy.port(), 'https://a.test/', '-k')).status).toBe(200)
    expect((await curl(proxy.port(), 'http://a.test/')).status).toBe(404)
  })

  test.each([
    ['allowEncodedSlash', '/a%2Fb'],
    ['allowEncodedBackSlash', '/a%5cb'],
    ['allowEncodedNullCharacter', '/a%00b'],
    ['allowEncodedSemicolon', '/a%3bb'],
    ['allowEncodedPercent', '/a%25b'],
    ['allowEncodedQuestionMark', '/a%3Fb'],
    ['allowEncodedHash', '/a%23b'],
  ])('encodedCharacters.%s: false refuses %s, and nothing else', async (key, path) => {
    await using proxy = await startWith({ encodedCharacters: { [key]: false } })
    const refused = await curl(proxy.port(), `http://a.test${path}`)
    expect({ status: refused.status, body: refused.body }).toEqual({ status: 400, body: '' })
    expect((await curl(proxy.port(), 'http://a.test/a%20b')).status).toBe(200)
  })

  test('encodedCharacters allow everything unless they are given', async () => {
    await using proxy = await startProxy({ dynamic: whoami })
    expect((await curl(proxy.port(), 'http://a.test/%2F%5c%00%3b%25%3F%23')).status).toBe(200)
  })

  test.each([
    ['keep', 200, true],
    ['delete', 200, false],
    ['reject', 400, false],
  ])('underscoreHeadersStrategy %s answers %d', async (strategy, status, isSeen) => {
    await using proxy = await startWith({ underscoreHeadersStrategy: strategy })
    const answer = await curl(proxy.port(), 'http://a.test/', '-H', 'X_Odd: 1')
    expect(answer.status).toBe(status)
    expect(/^x_odd: 1$/im.test(answer.body)).toBe(isSeen)
    if (status === 400) expect(answer.body).toBe('Bad Request\n')
  })

  test.each([
    [true, 'GET /?a=1%3Bb=2 HTTP/1.1'],
    [false, 'GET /?a=1;b=2 HTTP/1.1'],
  ])('encodeQuerySemicolons: %p sends on %s', async (encodeQuerySemicolons, line) => {
    await using proxy = await startWith({ encodeQuerySemicolons })
    expect((await curl(proxy.port(), 'http://a.test/?a=1;b=2')).body).toContain(line)
  })

  test('maxHeaderBytes answers 431', async () => {
    await using proxy = await startWith({ maxHeaderBytes: 1024 })
    expect((await curl(proxy.port(), 'http://a.test/', '-H', `X: ${'x'.repeat(3000)}`)).status).toBe(200)
    expect((await curl(proxy.port(), 'http://a.test/', '-H', `X: ${'x'.repeat(6000)}`)).status).toBe(431)
  })

  test.each([
    [{ keepAliveMaxRequests: 2 }, /connection: close/i],
    [{ keepAliveMaxTime: '50ms' }, /connection: close/i],
  ])('%j closes the connection in time', async (transport, closes) => {
    await using proxy = await startProxy({
      static: { entryPoints: { web: { address: '127.0.0.1:0', transport } } },
      dynamic: whoami,
    })
    using client = await rawClient(proxy.port())
    client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await client.waitFor(/GET \/ HTTP/)
    await Bun.sleep(60)
    client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await client.waitFor(closes)
    await within(client.ended, 'the end')
  })
})

describe('the PROXY protocol', () => {
  const request = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
  const version1 = 'PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n'
  const version2 = Buffer.concat([
    Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
    Buffer.of(0x21, 0x11, 0, 12, 203, 0, 113, 7, 198, 51, 100, 1, 0x12, 0x67, 1, 187),
  ])

  test.each([
    ['version 1', version1, { trustedIPs: ['127.0.0.1/32'] }, '203.0.113.7:4711'],
    ['version 2', version2, { trustedIPs: ['127.0.0.1/32'] }, '203.0.113.7:4711'],
    ['version 1', version1, { insecure: true }, '203.0.113.7:4711'],
    ['version 1', version1, { trustedIPs: ['10.0.0.0/8'] }, '127.0.0.1:'],
    ['version 2', version2, { trustedIPs: ['10.0.0.0/8'] }, '127.0.0.1:'],
    ['no header', '', { insecure: true }, '127.0.0.1:'],
  ])('%s (%j) under %j makes the client %s', async (_name, header, proxyProtocol, address) => {
    await using proxy = await startProxy({
      static: { entryPoints: { web: { ...anyPort, proxyProtocol } } },
      dynamic: whoami,
    })
    for (const cut of [header.length, Math.floor(header.length / 2)]) {
      using client = await rawClient(proxy.port())
      client.socket.setNoDelay(true)
      const bytes = Buffer.concat([Buffer.from(header as string), Buffer.from(request)])
      client.write(bytes.subarray(0, cut))
      await new Promise(setImmediate)
      client.write(bytes.subarray(cut))
      await client.waitFor(new RegExp(`RemoteAddr: ${RegExp.escape(address)}`))
    }
  })

  test('is not spoken on an entry point that does not ask for it', async () => {
    await using proxy = await startProxy({ dynamic: whoami })
    using client = await rawClient(proxy.port())
    client.write(version1 + request)
    await client.waitFor(/^HTTP\/1\.1 400 /)
  })

  test('goes before TLS', async () => {
    await using proxy = await startProxy({
      static: { entryPoints: { web: { ...anyPort, proxyProtocol: { insecure: true }, http: { tls: {} } } } },
      dynamic: whoami,
    })
    const socket = connect(proxy.port(), '127.0.0.1')
    socket.write(version1)
    const client = connectTls({ socket, rejectUnauthorized: false })
    client.write(request)
    const body = await within(new Response(Readable.toWeb(client) as ReadableStream).text(), 'the answer')
    expect(body).toContain('RemoteAddr: 203.0.113.7:')
  })
})
