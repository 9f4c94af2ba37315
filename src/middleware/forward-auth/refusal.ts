import { ProxyError } from '../../errors.ts'
import { bytesBody, emptyBody } from '../../http/body.ts'
import { headerValue, withHeader, type Headers } from '../../http/headers.ts'
import type { HttpResponse } from '../../http/message.ts'
import { statusReply } from '../../http/reply.ts'
import type { Answer } from './ask.ts'
import type { AuthServer } from './auth-server.ts'

export interface RefusalOptions {
  /** Where to send a client that is not logged in; '' for nowhere. */
  readonly authSigninURL: string
  readonly preserveLocationHeader: boolean
}

/** What the client gets when the auth server did not agree: the answer itself. Throws for a Location that is no URL. */
export function refusal(answer: Answer, server: AuthServer, options: RefusalOptions): HttpResponse {
  const { status, body, announcedLength } = answer
  if (status === 401 && options.authSigninURL !== '') return statusReply(302, ['Location', options.authSigninURL])
  const headers = options.preserveLocationHeader ? answer.headers : withWholeLocation(answer.headers, server)
  return { status, headers, body: body.length === 0 ? emptyBody : bytesBody(body), announcedLength }
}

/** A relative Location is meant from where the auth server stands, of which the client does not know. */
function withWholeLocation(headers: Headers, server: AuthServer): Headers {
  const location = headerValue(headers, 'location') ?? ''
  if (location === '' || /^[a-z][a-z0-9+.-]*:/i.test(location)) return headers
  if (!URL.canParse(location, server.url)) {
    throw new ProxyError('upstream.authFailed', `auth server ${server.url}: a Location that is no URL: ${location}`)
  }
  return withHeader(headers, 'Location', new URL(location, server.url).href)
}
