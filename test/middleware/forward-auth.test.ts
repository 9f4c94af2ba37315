import { describe, expect, test } from 'bun:test'
import { forwardAuth } from '../../src/middleware/forward-auth.ts'
import { startCollector } from '../observe/collector.ts'
import { problemsOf } from '../support/middleware.ts'
import { plainFields, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'
import { answer, bodyOf, configuration, get, Scene, send, served, yes } from './forward-auth/scene.ts'

describe('forwardAuth', () => {
  test('asks with GET, the client’s fields and no body, and lets pass on a 2xx', async () => {
    const post = `POST /a?b=c HTTP/1.1\r\n${plainFields}Cookie: s=1\r\nContent-Length: 4\r\n\r\nbody`
    const { asked, seen, got } = await send({}, answer('204 No Content').replace('Content-Length: 0\r\n', ''), post)
    expect(asked).toMatch(/^GET \/verify\?x=1 HTTP\/1\.1\r\n/)
    expect(asked).toMatch(/^Host: 127\.0\.0\.1:\d+\r$/m)
    expect(asked).toContain('Cookie: s=1\r\n')
    expect(asked).toContain('X-Forwarded-Method: POST\r\n')
    expect(asked).toContain('X-Forwarded-Uri: /a?b=c\r\n')
    expect(asked).not.toMatch(/content-length|transfer-encoding/i)
    expect(bodyOf(asked)).toBe('')
    expect(seen).toStartWith('POST /a?b=c HTTP/1.1\r\n')
    expect(bodyOf(seen)).toBe('body')
    expect(got).toEndWith('\r\n\r\nserved')
  })

  test('sends no User-Agent when the client has sent none', async () => {
    const { asked } = await send({}, yes, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(asked).not.toMatch(/user-agent|accept/i)
  })

  test('keeps the connection to the auth server for the next question', async () => {
    await using scene = await Scene.open({}, yes)
    const client = await scene.proxy.connect()
    for (let time = 1; time <= 3; time++) {
      client.send(get)
      await client.take('served')
    }
    expect([scene.asked.length, scene.auth.connections.length]).toEqual([3, 1])
  })

  test('hands on what the auth server tells, in place of what the client says', async () => {
    const options = { authResponseHeaders: ['X-User', 'X-Gone'], authResponseHeadersRegex: '^X-Auth-' }
    const fields = ['X-User: ada', 'X-Auth-Id: 7', 'X-Other: no']
    const request = get.replace('\r\n\r\n', '\r\nx-user: root\r\nX-Gone: root\r\nX-Auth-Role: root\r\n\r\n')
    const { seen } = await send(options, answer('200 OK', fields), request)
    expect(seen).toContain('X-User: ada\r\n')
    expect(seen).toContain('X-Auth-Id: 7\r\n')
    expect(seen).not.toMatch(/root|X-Other/)
  })

  test('gives the client the cookies that are chosen', async () => {
    const options = { addAuthCookiesToResponse: ['s'] }
    const { got } = await send(options, answer('200 OK', ['Set-Cookie: s=1; Path=/', 'Set-Cookie: t=2']))
    expect(got).toContain('Set-Cookie: s=1; Path=/\r\n')
    expect(got).not.toContain('t=2')
  })

  test.each([
    ['401 Unauthorized', ['WWW-Authenticate: Basic realm="x"', 'X-Why: no'], 'who are you'],
    ['403 Forbidden', ['Content-Type: text/html'], '<p>no'],
    ['500 Internal Server Error', [], 'broken'],
    ['304 Not Modified', ['ETag: "x"'], ''],
  ])('gives the client an answer of %s as it is', async (status, fields, body) => {
    const { got, seen } = await send({}, answer(status, fields, body))
    expect(got).toStartWith(`HTTP/1.1 ${status}\r\n`)
    for (const field of fields) expect(got.toLowerCase()).toContain(`${field.toLowerCase()}\r\n`)
    expect(bodyOf(got)).toBe(body)
    expect(seen).toBe('')
  })

  test('keeps what concerns its connection from the client', async () => {
    const fields = ['Connection: X-Hop', 'X-Hop: 1', 'Keep-Alive: timeout=5', 'Proxy-Authenticate: Basic']
    const { got } = await send({}, answer('407 Proxy Authentication Required', fields))
    expect(got).not.toMatch(/x-hop|timeout=5/i)
    expect(got).toMatch(/^proxy-authenticate: basic\r$/im)
  })

  test.each([
    ['/login?next=%2Fa', false, /^http:\/\/127\.0\.0\.1:\d+\/login\?next=%2Fa$/],
    ['login', false, /^http:\/\/127\.0\.0\.1:\d+\/login$/],
    ['//sso.test/in', false, /^http:\/\/sso\.test\/in$/],
    ['https://sso.test?a=b', false, /^https:\/\/sso\.test\?a=b$/],
    ['/login', true, /^\/login$/],
  ])('with the Location %s and preserveLocationHeader %p redirects to %p', async (location, preserves, expected) => {
    const options = { preserveLocationHeader: preserves }
    const { got } = await send(options, answer('302 Found', [`Location: ${location}`]))
    expect(got).toStartWith('HTTP/1.1 302 Found\r\n')
    expect(/^location: (.*)\r$/im.exec(got)?.[1]).toMatch(expected)
  })

  test('answers a Location that is no URL with 500', async () => {
    const { got, seen } = await send({}, answer('302 Found', ['Location: //[/']))
    expect(got).toStartWith('HTTP/1.1 500 ')
    expect(seen).toBe('')
  })

  test.each([
    ['401 Unauthorized', '302 Found'],
    ['403 Forbidden', '403 Forbidden'],
  ])('with authSigninURL answers %s with %s', async (asked, told) => {
    const { got } = await send({ authSigninURL: 'https://sso.test/in?rd=1' }, answer(asked, [], 'no'))
    expect(got).toStartWith(`HTTP/1.1 ${told}\r\n`)
    expect(got.includes('Location: https://sso.test/in?rd=1\r\n')).toBe(told.startsWith('302'))
  })

  test('names the user for the access log, whatever the answer', async () => {
    const options = { headerField: 'x-user' }
    expect((await send(options, answer('200 OK', ['X-User: ada']))).exchange.clientUsername).toBe('ada')
    expect((await send(options, answer('403 Forbidden', ['X-User: eve']))).exchange.clientUsername).toBe('eve')
  })

  test('asks with the client’s method when told to', async () => {
    const { asked } = await send({ preserveRequestMethod: true }, yes, get.replace('GET', 'DELETE'))
    expect(asked).toStartWith('DELETE /verify?x=1 ')
  })

  test('logs in at an auth server whose URL has a user, unless the client logs in itself', async () => {
    await using scene = await Scene.open({}, yes)
    const withUser = scene.auth.url.replace('://', '://p%40x:s%3Ay@')
    await using proxy = await WireProxy.start({ dynamic: configuration(withUser, scene.server.url, {}) })
    const client = await proxy.connect()
    client.send(get)
    await client.take('served')
    client.send(get.replace('\r\n\r\n', '\r\nAuthorization: Bearer x\r\n\r\n'))
    await client.take('served')
    expect(scene.asked[0]).toContain(`Authorization: Basic ${Buffer.from('p@x:s:y').toString('base64')}\r\n`)
    expect(scene.asked[1]).toContain('Authorization: Bearer x\r\n')
    expect(scene.asked[1]).not.toContain('Basic')
  })

  test('tells an interim response of the auth server to nobody', async () => {
    const { got } = await send(
      {},
      `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${yes}`,
      'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
    )
    expect(got).toStartWith('HTTP/1.1 200 OK\r\n')
  })
})

describe('the body of a request that forwardAuth asks about', () => {
  const post = (body: string) => `POST / HTTP/1.1\r\n${plainFields}Content-Length: ${body.length}\r\n\r\n${body}`
  const chunked = `POST / HTTP/1.1\r\n${plainFields}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`

  test.each([
    ['of a known length', post('body')],
    ['in chunks', chunked],
  ])('goes to both servers with forwardBody, %s', async (_, request) => {
    const { asked, seen } = await send({ forwardBody: true, maxBodySize: 4 }, yes, request)
    expect([asked, seen].map(bodyOf)).toEqual(['body', 'body'])
    expect(asked).toMatch(/^GET .*\r\n(.*\r\n)*Content-Length: 4\r\n/)
    expect(seen).toMatch(/Content-Length: 4\r\n/)
  })

  test.each([
    ['of a known length', post('bodys')],
    ['in chunks', chunked],
  ])('that is too large, %s, is refused with 401 before anybody is asked', async (_, request) => {
    const { asked, seen, got } = await send({ forwardBody: true, maxBodySize: 3 }, yes, request)
    expect([asked, seen]).toEqual(['', ''])
    expect(got).toStartWith('HTTP/1.1 401 Unauthorized\r\n')
    expect(bodyOf(got)).toBe('')
  })

  test('may be of any size without maxBodySize', async () => {
    const body = 'x'.repeat(200_000)
    const { asked, seen } = await send({ forwardBody: true }, yes, post(body))
    expect([asked, seen].map((text) => bodyOf(text).length)).toEqual([200_000, 200_000])
  })
})

describe('the trace of a request', () => {
  test('has a CLIENT span for the question, whose context the auth server gets', async () => {
    await using collector = startCollector()
    await using scene = await Scene.open({}, yes)
    const dynamic = configuration(`${scene.auth.url}/verify`, scene.server.url, {})
    const flags = [`tracing.otlp.http.endpoint=${collector.url}`]
    await using proxy = await WireProxy.start({ dynamic, flags })
    const client = await proxy.connect()
    client.send(get)
    await client.take('served')
    await proxy.accessLog()
    const span = collector.span('AuthRequest')
    expect(span.kind).toBe('CLIENT')
    expect(span.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.full': `${scene.auth.url}/verify`,
    })
    expect(scene.asked[0]).toContain(`traceparent: 00-${span.traceId}-${span.spanId}-01\r\n`)
  })
})

describe('the options of forwardAuth', () => {
  const address = 'http://auth/'
  test.each([
    [{ trustForwardHeader: true }, 'address: is required (expected a URL such as http://auth:9000/verify)'],
    [{ address: 'auth:9000' }, 'address: is not an HTTP URL (expected a URL such as http://auth:9000/verify)'],
    [{ address: 'http://u:secret@:x' }, 'address: is not an HTTP URL (expected a URL such as http://auth:9000/verify)'],
    [{ address, maxBodySize: -2 }, 'maxBodySize: is out of range: -2 (expected a whole number, at least -1)'],
    [{ address, forwardBody: true }, 'warning: forwardBody without maxBodySize holds bodies of any size in memory'],
    [{ address, tls: { cert: '/x' } }, 'tls: has only one of cert and key'],
    [
      { address, authResponseHeadersRegex: '(' },
      'authResponseHeadersRegex: is not a regular expression that Go understands: missing closing ): (',
    ],
    [{ address, headerField: 'a b' }, 'headerField: is not a header name that can be set: "a b"'],
  ])('are checked: %j', (options, problem) => {
    expect(
      problemsOf(forwardAuth, options).map((text) => text.replace(/missing closing.*/, 'missing closing ): (')),
    ).toEqual([problem])
  })

  test('with a certificate that can’t be read disable the router, not the others', async () => {
    await using server = new WireUpstream(answering(served))
    const dynamic = JSON.parse(configuration('https://auth.test/', server.url, { tls: { ca: '/none/ca.pem' } }))
    dynamic.http.routers.open = { rule: 'Path(`/open`)', service: 'target' }
    await using proxy = await WireProxy.start({ dynamic: JSON.stringify(dynamic) })
    const client = await proxy.connect()
    client.send(get.replace('/a?b=c', '/open'))
    expect(await client.take('served')).toStartWith('HTTP/1.1 200 ')
    client.send(get)
    expect(await client.take('\r\n\r\n')).toStartWith('HTTP/1.1 404 ')
    expect(proxy.entries.join('')).toContain('/none/ca.pem')
  })
})
