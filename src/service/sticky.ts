import {
  allowEmpty,
  boolean,
  integer,
  mapped,
  object,
  optional,
  text,
  withDefault,
  type Infer,
} from '../config/schema.ts'
import { headerValues, type Headers } from '../http/headers.ts'
import { createHash } from 'node:crypto'
import { Fnv64 } from './fnv.ts'
import type { Candidate } from './strategy/define.ts'

const sameSites = ['None', 'Lax', 'Strict'] as const

const cookie = allowEmpty(
  object({
    /** Undefined: made of the service's name. */
    name: optional(mapped(text, sanitise)),
    secure: withDefault(boolean, false),
    httpOnly: withDefault(boolean, false),
    /** Anything that is no known value leaves the attribute out, as in Traefik. */
    sameSite: optional(
      mapped(text, (written) => sameSites.find((name) => name.toLowerCase() === written.toLowerCase())),
    ),
    /** Seconds; 0: until the browser is closed; negative: gone at once. */
    maxAge: withDefault(integer(), 0),
    path: withDefault(text, '/'),
    domain: withDefault(text, ''),
  }),
)

export type StickyCookie = Infer<typeof cookie>

export const sticky = object({ cookie: optional(cookie) })

/** Whom a client's cookie names. */
export interface Claim<C> {
  readonly candidate: C
  /** The cookie has a value of an older kind: the client is to get the current one. */
  readonly isOutdated: boolean
}

/** Ties clients to candidates by a cookie that holds a hash of the candidate's name, in Traefik's own form. */
export class Stickiness<C extends Candidate> {
  readonly #cookieName: string
  readonly #attributes: string
  readonly #byValue = new Map<string, Claim<C>>()

  constructor(options: StickyCookie, serviceName: string, candidates: readonly C[]) {
    this.#cookieName = options.name ?? defaultName(serviceName)
    this.#attributes = encodeAttributes(options)
    for (const candidate of candidates) {
      for (const value of outdatedValues(candidate.name)) this.#byValue.set(value, { candidate, isOutdated: true })
    }
    // Last, so that no old value can hide a current one.
    for (const candidate of candidates) {
      this.#byValue.set(currentValue(candidate.name), { candidate, isOutdated: false })
    }
  }

  find(headers: Headers): Claim<C> | undefined {
    const value = cookieValue(headers, this.#cookieName)
    return value === undefined ? undefined : this.#byValue.get(value)
  }

  /** The value of the Set-Cookie field that ties a client to this candidate. */
  setCookie(candidate: C): string {
    return `${this.#cookieName}=${currentValue(candidate.name)}${this.#attributes}`
  }
}

function currentValue(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16)
}

/** What versions of Traefik before this hash have put into cookies. */
function outdatedValues(name: string): readonly string[] {
  const hashed = new Fnv64('1').add(name).hex
  return [name, hashed, new Fnv64('1').add(hashed).hex]
}

function defaultName(serviceName: string): string {
  return `_${createHash('sha1').update(`_TRAEFIK_BACKEND_${serviceName}`).digest('hex').slice(0, 5)}`
}

/** A cookie's name is a token (RFC 6265 §4.1.1). */
function sanitise(name: string): string | undefined {
  return name === '' ? undefined : name.replace(/[^A-Za-z0-9!#$%&'*+\-.^`|~]/g, '_')
}

/** In the order of Go's http.Cookie; a value that could end its attribute is left out, as Go does. */
function encodeAttributes({ path, domain, maxAge, httpOnly, secure, sameSite }: StickyCookie): string {
  const isSafe = (value: string) => value !== '' && /^[\x20-\x3a\x3c-\x7e]*$/.test(value)
  return [
    isSafe(path) ? `; Path=${path}` : '',
    isSafe(domain) ? `; Domain=${domain.replace(/^\./, '')}` : '',
    maxAge === 0 ? '' : `; Max-Age=${Math.max(0, maxAge)}`,
    httpOnly ? '; HttpOnly' : '',
    secure ? '; Secure' : '',
    sameSite === undefined ? '' : `; SameSite=${sameSite}`,
  ].join('')
}

/** The first cookie of this name that the client sent, without quotes. */
function cookieValue(headers: Headers, name: string): string | undefined {
  for (const line of headerValues(headers, 'cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
      const value = pair.slice(equals + 1).trim()
      return /^".*"$/.test(value) ? value.slice(1, -1) : value
    }
  }
  return undefined
}
