import { list, nonEmptyText, object, optional, parsed, secret, text, withDefault } from '../config/schema.ts'
import type { Parsed } from '../config/schema.ts'
import { headerValue } from '../http/headers.ts'
import { requestTarget, type HttpRequest } from '../http/message.ts'
import { defineMiddleware } from './define.ts'
import { parseDigest, type DigestCredentials } from './digest-credentials.ts'
import { identified, identityFields, noteUser, quoted, unauthorized } from './identity.ts'
import { Nonces } from './nonces.ts'
import { isSame } from './password-hash.ts'
import { isUserName, readUsersFile, wireName } from './users-file.ts'

interface DigestUser {
  readonly name: string
  readonly realm: string
  /** MD5 of `name:realm:password`, in hexadecimal. */
  readonly ha1: string
}

/** An HA1 that is none must not get in: from an empty one anybody could make a right digest. */
function parseUser(line: string): Parsed<DigestUser> {
  const [name = '', realm, ha1, ...more] = line.split(':')
  if (!isUserName(name) || realm === undefined || more.length > 0 || !/^[\da-f]{32}$/i.test(ha1 ?? '')) {
    return { ok: false, message: 'is not a user of a realm (expected "name:realm:HA1", as htdigest writes it)' }
  }
  return { ok: true, value: { name: wireName(name), realm: wireName(realm), ha1: ha1!.toLowerCase() } }
}

const options = object({
  users: withDefault(list(secret(parsed(text, parseUser))), []),
  usersFile: optional(nonEmptyText),
  ...identityFields,
})

/** Asks for a login that does not send the password (RFC 7616, with MD5 and qop=auth). */
export const digestAuth = defineMiddleware({
  name: 'digestAuth',
  summary: 'Asks for a digest of user name and password (RFC 7616) and lets only known users pass.',
  options,
  build: (options) => {
    const users = [...readUsersFile(options.usersFile, parseUser), ...options.users]
    const logins = new DigestLogins(users.filter(({ realm }) => realm === options.realm))
    const nonces = new Nonces()
    const opaque = crypto.randomUUID().replaceAll('-', '')

    function refusal(isStale: boolean) {
      const challenge = `Digest realm=${quoted(options.realm)}, nonce="${nonces.issue()}", opaque="${opaque}"`
      return unauthorized(`${challenge}, algorithm="MD5", qop="auth"${isStale ? ', stale="true"' : ''}`)
    }

    return (next) => (request) => {
      const credentials = parseDigest(headerValue(request.headers, 'authorization'))
      if (credentials === undefined) return Promise.resolve(refusal(false))
      noteUser(request, credentials.username)
      if (!logins.isRight(credentials, request)) return Promise.resolve(refusal(false))
      const use = nonces.use(credentials.nonce, credentials.nonceCount)
      if (use !== 'fresh') return Promise.resolve(refusal(use === 'stale'))
      return next(identified(request, credentials.username, options))
    }
  },
})

class DigestLogins {
  readonly #ha1ByName: ReadonlyMap<string, string>
  /** For users that do not exist, so that they cost the same. Nobody knows it. */
  readonly #decoy = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')

  constructor(users: readonly DigestUser[]) {
    this.#ha1ByName = new Map(users.map(({ name, ha1 }) => [name, ha1]))
  }

  isRight(credentials: DigestCredentials, request: HttpRequest): boolean {
    const { username, nonce, uri, cnonce, nc, response } = credentials
    // What the client has signed is what it sent, whatever middlewares have made of it since.
    const sent = request.exchange.request ?? request
    if (!isForTarget(uri, requestTarget(sent))) return false
    const ha1 = this.#ha1ByName.get(username)
    const ha2 = md5(`${sent.method}:${uri}`)
    const expected = md5([ha1 ?? this.#decoy, nonce, nc, cnonce, 'auth', ha2].join(':'))
    return isSame(expected, response) && ha1 !== undefined
  }
}

/** The same target, or (as Traefik has it, for clients that leave out the query) a path that the target begins with. */
function isForTarget(uri: string, target: string): boolean {
  if (uri === target) return true
  const path = uri.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*$/, '')
  return target.startsWith(path)
}

/** `text` has one char per byte. */
function md5(text: string): string {
  return new Bun.CryptoHasher('md5').update(Buffer.from(text, 'latin1')).digest('hex')
}
