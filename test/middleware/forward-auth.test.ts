import { describe, expect, test } from 'bun:test'
import { forwardAuth } from '../../src/middleware/forward-auth.ts'
import { startCollector } from '../observe/collector.ts'
import { makeCertificate } from '../support/certificate.ts'
import { problemsOf } from '../support/middleware.ts'
import { plainFields, WireProxy } from '../support/proxy.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { WirePeer } from '../support/wire-peer.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const yes = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const served = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved'
const get = `GET /a?b=c HTTP/1.1\r\n${plainFields}\r\n`

function configuration(authUrl: string, serverUrl: string, options: Record<string, unknown>): string {
  return JSON.stringify({
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'target', middlewares: ['auth'] } },
      middlewares: { auth: { forwardAuth: { address: authUrl, ...options } } },
      services: { target: { loadBalancer: { servers: [{ url: serverUrl }] } } },
    },
  })
}

/** Answers every whole request (its length told, or no body) with the same bytes, and keeps the requests. */
function recording(response: string, requests: string[]): (peer: WirePeer) => void {
  return (peer) => {
    void (async () => {
      while (!peer.isGone && !peer.hasEnded) {
        const text = await peer.take((text) => isWhole(text) || peer.hasEnded)
        if (!isWhole(text)) return
        requests.push(text)
        peer.send(response)
      }
    })().catch(() => peer.close())
  }
}

function isWhole(text: string): boolean {
  const [head, body] = text.split('\r\n\r\n')
  if (body === undefined) return false
  const length = Number(/^content-length: (\d+)$/im.exec(head!)?.[1] ?? 0)
  return body.length >= length
}

/** A proxy between a client, an auth server and a server that says `served` by itself. */
class Scene implements AsyncDisposable {
  readonly asked: string[] = []
  readonly seen: string[] = []
  readonly auth: WireUpstream
  readonly server = new WireUpstream(recording(served, this.seen))
  readonly #stack = new AsyncDisposableStack()
  proxy!: WireProxy

  private constructor(answer: string | undefined) {
    this.auth = new WireUpstream(answer === undefined ? undefined : recording(answer, this.asked))
  }

  /** `answer`: what the auth server says by itself; without it each of its connections waits for the test. */
  static async open(options: Record<string, unknown> = {}, answer?: string): Promise<Scene> {
    const scene = new Scene(answer)
    scene.#stack.use(scene.auth)
    scene.#stack.use(scene.server)
    const dynamic = configuration(`${scene.auth.url}/verify?x=1`, scene.server.url, options)
    scene.proxy = scene.#stack.use(await WireProxy.start({ dynamic }))
    return scene
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** One request through a scene of its own: what the auth server saw, what the server saw, and what the client got. */
async function send(options: Record<string, unknown>, answer: string, request = get) {
  await using scene = await Scene.open(options, answer)
  const client = await scene.proxy.connect()
  client.send(request)
  const exchange = await scene.proxy.finished(1)
  const got = await client.expect('\r\n\r\n')
  return { asked: scene.asked.join(''), seen: scene.seen.join(''), got, exchange, entries: scene.proxy.entries }
}

function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4)
}

function answer(status: string, fields: readonly string[] = [], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

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

describe('an auth server that does not agree in time or at all', () => {
  test.each([
    ['3', 4, '401 Unauthorized'],
    ['4', 4, '200 OK'],
    ['-1', 5000, '200 OK'],
  ])('with maxResponseBodySize %s and an answer of %d bytes means %s', async (limit, bytes, status) => {
    const { got } = await send({ maxResponseBodySize: limit }, answer('200 OK', [], 'x'.repeat(bytes)))
    expect(got).toStartWith(`HTTP/1.1 ${status}\r\n`)
  })

  test('refuses with 401 when its refusal is too large', async () => {
    const { got } = await send({ maxResponseBodySize: 3 }, answer('403 Forbidden', [], 'long'))
    expect(got).toStartWith('HTTP/1.1 401 Unauthorized\r\n')
    expect(bodyOf(got)).toBe('')
  })

  test('and can’t be reached opens no door: 500, nothing in it, and an error in the log', async () => {
    await using scene = await Scene.open()
    const { url } = scene.auth
    scene.auth.stopListening()
    const client = await scene.proxy.connect()
    client.send(get)
    const got = await client.expect('\r\n\r\n')
    expect(got).toStartWith('HTTP/1.1 500 Internal Server Error\r\n')
    expect(bodyOf(got)).toBe('')
    expect(scene.seen).toEqual([])
    expect(scene.proxy.entries.join('')).toMatch(new RegExp(`ERR .*auth server ${url}/verify.*upstream\\.authFailed`))
  })

  test.each([
    ['hangs up', ''],
    ['speaks something else', 'SSH-2.0-x\r\n\r\n'],
    ['breaks off its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['changes protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('and %s opens no door: 500', async (_, bytes) => {
    await using scene = await Scene.open()
    const client = await scene.proxy.connect()
    client.send(get)
    const auth = await scene.auth.request()
    auth.send(bytes).finish()
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    expect(scene.seen).toEqual([])
  })

  test.each<[string, string, string?]>([
    ['does not answer', ''],
    ['does not answer a request that fetch can’t carry', '', 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['has begun its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
  ])('and %s is left alone when the client goes away', async (_, bytes, request = get) => {
    await using scene = await Scene.open()
    const client = await scene.proxy.connect()
    client.send(request)
    const auth = await scene.auth.request()
    auth.send(bytes)
    client.reset()
    await auth.toEnd()
    const exchange = await scene.proxy.finished(1)
    expect(exchange.outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
    expect(scene.seen).toEqual([])
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

describe('TLS to the auth server', () => {
  /** The status that a client gets when the auth server shows `a.test`'s certificate, by these options. */
  async function statusWith(
    optionsFor: (files: { ca: string; cert: string; key: string }) => object,
    server: { requestCert?: boolean } = {},
  ): Promise<number> {
    await using folder = await temporaryFolder()
    const { cert, key, certFile, keyFile } = await makeCertificate(folder.path, '127.0.0.1', 'localhost')
    const mutual = server.requestCert === true ? { ca: cert, requestCert: true, rejectUnauthorized: true } : {}
    await using auth = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert, key, ...mutual },
      fetch: () => new Response(),
    })
    await using upstream = new WireUpstream(answering(served))
    const tls = optionsFor({ ca: certFile, cert: certFile, key: keyFile })
    const dynamic = configuration(`https://127.0.0.1:${auth.port}/`, upstream.url, { tls })
    await using proxy = await WireProxy.start({ dynamic })
    const client = await proxy.connect()
    client.send(get)
    return Number((await client.expect('\r\n\r\n')).split(' ')[1])
  }

  test('is refused with a certificate that nobody vouches for', async () => {
    expect(await statusWith(() => ({ insecureSkipVerify: false }))).toBe(500)
  })

  test('works with its authority', async () => {
    expect(await statusWith(({ ca }) => ({ ca }))).toBe(200)
  })

  test('works with insecureSkipVerify', async () => {
    expect(await statusWith(() => ({ insecureSkipVerify: true }))).toBe(200)
  })

  test('shows a certificate where one is asked for', async () => {
    expect(await statusWith((files) => files, { requestCert: true })).toBe(200)
    expect(await statusWith(({ ca }) => ({ ca }), { requestCert: true })).toBe(500)
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
