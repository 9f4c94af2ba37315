import { describe, expect, test } from 'bun:test'
import { basicAuth } from '../../src/middleware/basic-auth.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'
import { temporaryFolder } from '../support/temporary.ts'

const sha1OfSecret = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='
const apr1OfSecret = '$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/'
const bcryptOfSecret = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 4 })
const users = [`ada:${sha1OfSecret}`]

function basic(credentials: string): string[] {
  return ['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]
}

function logIn(options: object, headers: string[]) {
  const request = makeRequest({ headers })
  return pass(buildMiddleware(basicAuth, options), request).then((passage) => ({
    ...passage,
    exchange: request.exchange,
  }))
}

describe('basicAuth', () => {
  test.each([
    ['SHA-1', sha1OfSecret],
    ['MD5', apr1OfSecret],
    ['bcrypt', bcryptOfSecret],
  ])('lets in who has the password of a %s hash, and nobody else', async (_, hash) => {
    const options = { users: [`ada:${hash}`] }
    const right = await logIn(options, basic('ada:secret'))
    expect(right.response.status).toBe(200)
    expect(right.received!.headers).toEqual(basic('ada:secret'))
    expect(right.exchange.clientUsername).toBe('ada')
    const wrong = await logIn(options, basic('ada:wrong'))
    expect(wrong.response.status).toBe(401)
    expect(wrong.received).toBeUndefined()
    expect(wrong.exchange.clientUsername).toBe('ada')
  })

  test('asks for a login as Traefik does', async () => {
    const { response, exchange } = await logIn({ users }, [])
    expect(response.status).toBe(401)
    expect(response.headers).toEqual(['Www-Authenticate', 'Basic realm="traefik"', 'Content-Type', 'text/plain'])
    expect(await readText(response.body)).toBe('401 Unauthorized\n')
    expect(exchange.clientUsername).toBeUndefined()
  })

  test.each([
    ['my realm', 'Basic realm="my realm"'],
    ['a "b" \\', 'Basic realm="a \\"b\\" \\\\"'],
    ['', 'Basic realm="traefik"'],
  ])('names the realm %j', async (realm, challenge) => {
    const { response } = await logIn({ users, realm }, [])
    expect(response.headers[1]).toBe(challenge)
  })

  test.each([
    ['no scheme', ['Authorization', 'YWRhOnNlY3JldA==']],
    ['another scheme', ['Authorization', 'Bearer YWRhOnNlY3JldA==']],
    ['no padding', ['Authorization', 'Basic YWRhOnNlY3JldA']],
    ['what is not base64', ['Authorization', 'Basic YWRh*OnNlY3JldA==']],
    ['no colon', basic('ada')],
    ['an empty password', basic('ada:')],
    ['an empty name', basic(':secret')],
    ['a user that is not there', basic('eve:secret')],
    ['a name in another case', basic('Ada:secret')],
    ['the hash for the password', basic(`ada:${sha1OfSecret}`)],
    ['two fields, the wrong one first', [...basic('ada:wrong'), ...basic('ada:secret')]],
  ])('refuses %s', async (_, headers) => {
    const { received, response } = await logIn({ users }, headers)
    expect(response.status).toBe(401)
    expect(received).toBeUndefined()
  })

  test('takes the scheme in any case', async () => {
    const [, value] = basic('ada:secret')
    expect((await logIn({ users }, ['authorization', value!.replace('Basic', 'bAsIc')])).response.status).toBe(200)
  })

  test('never lets in by a hash that it does not understand', async () => {
    expect((await logIn({ users: ['ada:secret'] }, basic('ada:secret'))).response.status).toBe(401)
  })

  test('takes names and passwords beyond ASCII, and colons in passwords', async () => {
    const hash = await Bun.password.hash('pä:ß', { algorithm: 'bcrypt', cost: 4 })
    const { received, exchange } = await logIn({ users: [`zoë:${hash}`], headerField: 'X-User' }, basic('zoë:pä:ß'))
    expect(exchange.clientUsername).toBe('zoë')
    expect(received!.headers.slice(-2)).toEqual(['X-User', Buffer.from('zoë').toString('latin1')])
  })

  test('tells the user in the very spelling of headerField, in place of what the client said', async () => {
    const options = { users, headerField: 'x-WEBAUTH-user' }
    const { received } = await logIn(options, ['X-Webauth-User', 'root', ...basic('ada:secret')])
    expect(received!.headers).toEqual([...basic('ada:secret'), 'x-WEBAUTH-user', 'ada'])
  })

  test('with removeHeader keeps the password from the server', async () => {
    const { received } = await logIn({ users, removeHeader: true }, ['X-A', 'b', ...basic('ada:secret')])
    expect(received!.headers).toEqual(['X-A', 'b'])
  })

  test('gives the same to a login that it remembers', async () => {
    const middleware = buildMiddleware(basicAuth, { users, headerField: 'X-User', removeHeader: true })
    for (let time = 0; time < 2; time++) {
      const request = makeRequest({ headers: basic('ada:secret') })
      const { received } = await pass(middleware, request)
      expect(received!.headers).toEqual(['X-User', 'ada'])
      expect(request.exchange.clientUsername).toBe('ada')
    }
  })
})

describe('the users of basicAuth', () => {
  test('come from a file too, where those of the configuration win', async () => {
    await using folder = await temporaryFolder()
    const lines = ['# comment', '', `  ada:${sha1OfSecret}  `, `bob:${sha1OfSecret}\r`, `#eve:${sha1OfSecret}`]
    const usersFile = await folder.write('users', lines.join('\n'))
    const other = await Bun.password.hash('other', { algorithm: 'bcrypt', cost: 4 })
    const options = { usersFile, users: [`bob:${other}`] }
    const statuses = []
    for (const credentials of ['ada:secret', 'bob:secret', 'bob:other', 'eve:secret', '#eve:secret']) {
      statuses.push((await logIn(options, basic(credentials))).response.status)
    }
    expect(statuses).toEqual([200, 401, 200, 401, 401])
  })

  test.each([
    ['ada', 'users:2: is not a user with a hash (expected "name:hash", as htpasswd writes it)'],
    ['a:b:c', 'users:2: is not a user with a hash (expected "name:hash", as htpasswd writes it)'],
    ['', 'users has no users'],
  ])('in a file with the line "%s" are a fault that names the place', async (line, message) => {
    await using folder = await temporaryFolder()
    const usersFile = await folder.write('users', `# users\n${line}\n`)
    expect(() => buildMiddleware(basicAuth, { usersFile })).toThrow(`${folder.path}/${message}`)
  })

  test('in a file that is not there are a fault', () => {
    expect(() => buildMiddleware(basicAuth, { usersFile: '/none/users' })).toThrow(
      'usersFile: can\'t read "/none/users" (ENOENT)',
    )
  })

  test.each([
    [{ realm: 'x' }, 'has no users (expected users or usersFile)'],
    [{ users: [] }, 'has no users (expected users or usersFile)'],
    [{ users: ['ada'] }, 'users[0]: is not a user with a hash (expected "name:hash", as htpasswd writes it)'],
    [{ users: [':x'] }, 'users[0]: is not a user with a hash (expected "name:hash", as htpasswd writes it)'],
    [{ users: ['a\nb:x'] }, 'users[0]: is not a user with a hash (expected "name:hash", as htpasswd writes it)'],
    [
      { users: ['ada:secret'] },
      'users[0]: warning: has a hash that no password fits (expected bcrypt, MD5 or SHA-1, as htpasswd writes them)',
    ],
    [{ users, headerField: 'X User' }, 'headerField: is not a header name that can be set: "X User"'],
    [{ users, headerField: 'content-length' }, 'headerField: is not a header name that can be set: "content-length"'],
    [{ users, realm: 'a\nb' }, 'realm: has a control character, which a header value must not'],
  ])('and other options are checked: %j', (options, problem) => {
    expect(problemsOf(basicAuth, options)).toEqual([problem])
  })
})
