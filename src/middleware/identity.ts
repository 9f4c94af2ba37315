import { boolean, mapped, withDefault, type Infer } from '../config/schema.ts'
import { withHeader, withoutHeader } from '../http/headers.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import { reply } from '../http/reply.ts'
import { fieldName, fieldValue } from './field.ts'

/** The keys that every login has: how to ask for it, and what to tell the server of who has logged in. */
export const identityFields = {
  realm: mapped(withDefault(fieldValue, ''), (realm) => realm || 'traefik'),
  /** Where the user's name is put, in this very spelling; '' for nowhere. */
  headerField: withDefault(fieldName, ''),
  /** True: the server does not see the Authorization field. */
  removeHeader: withDefault(boolean, false),
}

type IdentityOptions = { readonly [Key in keyof typeof identityFields]: Infer<(typeof identityFields)[Key]> }

/** The request of a user who has logged in. */
export function identified(request: HttpRequest, user: string, options: IdentityOptions): HttpRequest {
  const { headerField, removeHeader } = options
  if (headerField === '' && !removeHeader) return request
  // Fields of that name in any other spelling go: they would be the client's word.
  const told = headerField === '' ? request.headers : withHeader(request.headers, headerField, user)
  return { ...request, headers: removeHeader ? withoutHeader(told, 'authorization') : told }
}

/** For the access log, also when the login has failed: who it was that tried. */
export function noteUser(request: HttpRequest, user: string): void {
  request.exchange.clientUsername = Buffer.from(user, 'latin1').toString('utf8')
}

export function unauthorized(challenge: string): HttpResponse {
  return reply(401, '401 Unauthorized\n', ['Www-Authenticate', challenge, 'Content-Type', 'text/plain'])
}

/** A quoted-string (RFC 9110 §5.6.4). */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
