import { createHash } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import type { Middleware } from '../../src/http/message.ts'
import { toWebStream } from '../../src/http/web.ts'
import { digestAuth } from '../../src/middleware/digest-auth.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { runProgram } from '../support/process.ts'
import { makeRequest, makeResponse, pass, readText, type RequestParts } from '../support/request.ts'
import { temporaryFolder } from '../support/temporary.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const line = (name: string, realm: string, password: string) =>
  `${name}:${realm}:${md5(`${name}:${realm}:${password}`)}`
const users = [line('ada', 'traefik', 'secret'), line('bob', 'elsewhere', 'secret')]

interface Answer {
  readonly nonce: string
  readonly user?: string
  readonly password?: string
  readonly ha1?: string
  readonly method?: string
  readonly uri?: string
  readonly count?: number
}

/** The Authorization of a client that follows RFC 7616. */
function digest({
  nonce,
  user = 'ada',
  password = 'secret',
  method = 'GET',
  uri = '/',
  count = 1,
  ...given
}: Answer): string[] {
  const ha1 = given.ha1 ?? md5(`${user}:traefik:${password}`)
  const nc = count.toString(16).padStart(8, '0')
  const response = md5(`${ha1}:${nonce}:${nc}:cn:auth:${md5(`${method}:${uri}`)}`)
  const parts = `username="${user}", realm="traefik", nonce="${nonce}", uri="${uri}", qop=auth, nc=${nc}, cnonce="cn"`
  return ['Authorization', `Digest ${parts}, response="${response}", algorithm=MD5`]
}

/** One instance, the nonce that it gives first, and what becomes of a request with these credentials. */
async function challenged(options: object = { users }) {
  const middleware: Middleware = buildMiddleware(digestAuth, options)
  const { response } = await pass(middleware, makeRequest())
  const nonce = /nonce="([^"]+)"/.exec(response.headers[1]!)![1]!
  const send = async (answer: Partial<Answer>, parts: RequestParts = {}) => {
    const request = makeRequest({ headers: digest({ nonce, ...answer }), ...parts })
    const passage = await pass(middleware, request)
    const challenge = passage.response.headers[1] ?? ''
    return {
      ...passage,
      status: passage.response.status,
      isStale: challenge.endsWith(', stale="true"'),
      exchange: request.exchange,
    }
  }
  return { middleware, response, nonce, send }
}

describe('digestAuth', () => {
  test('asks for a login as Traefik does', async () => {
    const { response } = await challenged()
    expect(response.status).toBe(401)
    expect(response.headers[0]).toBe('Www-Authenticate')
    expect(response.headers[1]).toMatch(
      /^Digest realm="traefik", nonce="[^"]+", opaque="[^"]+", algorithm="MD5", qop="auth"$/,
    )
    expect(response.headers.slice(2)).toEqual(['Content-Type', 'text/plain'])
    expect(await readText(response.body)).toBe('401 Unauthorized\n')
  })

  test('lets in who answers rightly, and tells the access log', async () => {
    const { send } = await challenged()
    const { received, exchange } = await send({})
    expect(received).toBeDefined()
    expect(exchange.clientUsername).toBe('ada')
  })

  test.each<[string, Partial<Answer>]>([
    ['a wrong password', { password: 'wrong' }],
    ['a user that is not there', { user: 'eve' }],
    ['a user of another realm', { user: 'bob' }],
    ['a user that is not there, with an empty HA1', { user: 'eve', ha1: '' }],
    ['a digest over another method', { method: 'POST' }],
    ['a digest over another target', { uri: '/other' }],
  ])('refuses %s, plainly', async (_, answer) => {
    const { send } = await challenged()
    const { status, received, isStale, exchange } = await send(answer)
    expect([status, received, isStale]).toEqual([401, undefined, false])
    expect(exchange.clientUsername).toBe(answer.user ?? 'ada')
  })

  test('takes each count of a nonce once: the same is refused plainly, a lower one is stale', async () => {
    const { send } = await challenged()
    const outcomes = []
    for (const count of [1, 2, 2, 1, 3]) {
      const { status, isStale } = await send({ count })
      outcomes.push([status, isStale])
    }
    expect(outcomes).toEqual([
      [200, false],
      [200, false],
      [401, false],
      [401, true],
      [200, false],
    ])
  })

  test('spends no count on a wrong password', async () => {
    const { send } = await challenged()
    expect((await send({ password: 'wrong', count: 9 })).status).toBe(401)
    expect((await send({ count: 1 })).status).toBe(200)
  })

  test('tells who has the password but an unknown nonce to try again', async () => {
    const { send } = await challenged()
    const other = await challenged()
    expect(await send({ nonce: other.nonce })).toMatchObject({ status: 401, isStale: true })
    expect(await send({ nonce: other.nonce, password: 'wrong' })).toMatchObject({ status: 401, isStale: false })
  })

  test.each([
    ['/a?x=1', '/a?x=1', 200],
    ['/a', '/a?x=1', 200],
    ['/a', '/a/b', 200],
    ['http://a.test/a?x=1', '/a?x=1', 200],
    ['/a/b', '/a', 401],
    ['/b', '/a', 401],
  ])('a digest over %s for the target %s: %d', async (uri, target, status) => {
    const { send } = await challenged()
    const [path, query] = target.split('?')
    expect((await send({ uri }, { path: path!, query })).status).toBe(status)
  })

  test('goes by the target that the client sent, whatever became of it', async () => {
    const { middleware, nonce } = await challenged()
    const sent = makeRequest({ path: '/api/x', headers: digest({ nonce, uri: '/api/x' }) })
    sent.exchange.request = sent
    expect((await pass(middleware, { ...sent, path: '/x' })).response.status).toBe(200)
  })

  test('tells the server who it is, and keeps the Authorization from it', async () => {
    const { send } = await challenged({ users, headerField: 'x-USER', removeHeader: true })
    expect((await send({})).received!.headers).toEqual(['x-USER', 'ada'])
  })

  test('has a realm of its own', async () => {
    const { response } = await challenged({ users, realm: 'elsewhere' })
    expect(response.headers[1]).toStartWith('Digest realm="elsewhere", ')
  })

  test('lets curl in', async () => {
    const { middleware } = await challenged({ users, headerField: 'X-User' })
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch(received) {
        const { pathname, search } = new URL(received.url)
        const headers = [...received.headers].flat()
        const request = makeRequest({
          method: received.method,
          path: pathname,
          query: search.slice(1) || undefined,
          headers,
        })
        const response = await middleware(() => Promise.resolve(makeResponse()))(request)
        const fields = response.headers.flatMap((name, at, all) =>
          at % 2 === 0 ? [[name, all[at + 1]!] as const] : [],
        )
        return new Response(toWebStream(response.body), {
          status: response.status,
          headers: Object.fromEntries(fields),
        })
      },
    })
    const urls = ['/a', '/b?c=1'].map((path) => `${server.url.origin}${path}`)
    const curl = await runProgram(['curl', '--silent', '--fail', '--digest', '--user', 'ada:secret', ...urls])
    expect(curl).toMatchObject({ code: 0, stdout: 'hellohello' })
  })
})

describe('the users of digestAuth', () => {
  test('come from a file too', async () => {
    await using folder = await temporaryFolder()
    const usersFile = await folder.write('users', `# users\n${users[0]}\n`)
    const { send } = await challenged({ usersFile })
    expect((await send({})).status).toBe(200)
  })

  test('may be none: then nobody gets in', async () => {
    const { send } = await challenged({ realm: 'traefik' })
    expect((await send({})).status).toBe(401)
  })

  test.each(['ada:traefik', 'ada:traefik:', 'ada:traefik:secret', `${users[0]}:x`, `:traefik:${md5('')}`])(
    'are checked: %s',
    (user) => {
      expect(problemsOf(digestAuth, { users: [user] })).toEqual([
        'users[0]: is not a user of a realm (expected "name:realm:HA1", as htdigest writes it)',
      ])
    },
  )
})
