import {
  invalid,
  list,
  nonEmptyText,
  object,
  optional,
  parsed,
  refine,
  secret,
  text,
  withDefault,
} from '../config/schema.ts'
import type { Decoder, Parsed } from '../config/schema.ts'
import { headerValue, type Headers } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { defineMiddleware } from './define.ts'
import { identified, identityFields, noteUser, quoted, unauthorized } from './identity.ts'
import { Logins, type Credentials } from './logins.ts'
import { passwordCheck, type PasswordCheck } from './password-hash.ts'
import { isUserName, readUsersFile, wireName } from './users-file.ts'

interface BasicUser {
  readonly name: string
  /** Undefined for a hash of a kind that is not understood: no password fits it, as in Traefik. */
  readonly check: PasswordCheck | undefined
}

function parseUser(line: string): Parsed<BasicUser> {
  const [name = '', hash, ...more] = line.split(':')
  if (!isUserName(name) || hash === undefined || more.length > 0) {
    return { ok: false, message: 'is not a user with a hash (expected "name:hash", as htpasswd writes it)' }
  }
  return { ok: true, value: { name: wireName(name), check: passwordCheck(hash) } }
}

const userLine = secret(parsed(text, parseUser))

const user: Decoder<BasicUser> = {
  ...userLine,
  decode(node, at) {
    const decoded = userLine.decode(node, at)
    if (decoded !== invalid && decoded.check === undefined) {
      at.warning(
        node.source,
        'has a hash that no password fits (expected bcrypt, MD5 or SHA-1, as htpasswd writes them)',
      )
    }
    return decoded
  },
}

const options = refine(
  object({ users: withDefault(list(user), []), usersFile: optional(nonEmptyText), ...identityFields }),
  ({ users, usersFile }) =>
    users.length === 0 && usersFile === undefined ? 'has no users (expected users or usersFile)' : undefined,
)

/** Asks for a user's name and password (RFC 7617). */
export const basicAuth = defineMiddleware({
  name: 'basicAuth',
  summary: 'Asks for a user name and password (RFC 7617) and lets only known users pass.',
  options,
  build: (options) => {
    const users = [...readUsersFile(options.usersFile, parseUser), ...options.users]
    if (users.length === 0) throw new Error(`${options.usersFile} has no users`)
    const logins = new Logins(new Map(users.map(({ name, check }) => [name, check ?? (() => false)])))
    const refusal = () => unauthorized(`Basic realm=${quoted(options.realm)}`)
    const welcome = (request: HttpRequest, user: string, next: Handler) => {
      noteUser(request, user)
      return next(identified(request, user, options))
    }

    async function logIn(request: HttpRequest, token: string, next: Handler): Promise<HttpResponse> {
      const credentials = parseCredentials(token)
      if (credentials === undefined) return refusal()
      const { user } = credentials
      const isWanted = () => request.exchange.cancelled === undefined
      const isRight = await logins.check(logins.digest(token), credentials, isWanted)
      if (isRight) return welcome(request, user, next)
      noteUser(request, user)
      return refusal()
    }

    return (next) => (request) => {
      const token = basicToken(request.headers)
      if (token === undefined) return Promise.resolve(refusal())
      const known = logins.recall(logins.digest(token))
      return known === undefined ? logIn(request, token, next) : welcome(request, known, next)
    }
  },
})

function basicToken(headers: Headers): string | undefined {
  const value = headerValue(headers, 'authorization')
  return value === undefined ? undefined : /^basic (.*)$/i.exec(value)?.[1]
}

/** The name ends at the first colon; a password may have more of them. */
function parseCredentials(token: string): Credentials | undefined {
  // Buffer would skip what is not base64 and read two texts as one.
  if (token.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(token)) return undefined
  const bytes = Buffer.from(token, 'base64')
  const colon = bytes.indexOf(':')
  if (colon < 0) return undefined
  return { user: bytes.toString('latin1', 0, colon), password: bytes.subarray(colon + 1) }
}
