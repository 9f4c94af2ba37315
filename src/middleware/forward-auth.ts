import { boolean, integer, invalid, list, nonEmptyText, object, optional, text, withDefault } from '../config/schema.ts'
import type { Decoder, Infer } from '../config/schema.ts'
import { bytesBody } from '../http/body.ts'
import { headerValue } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { reply } from '../http/reply.ts'
import { readWhole } from '../http/whole-body.ts'
import { clientTls } from './client-tls.ts'
import { defineMiddleware } from './define.ts'
import { fieldName } from './field.ts'
import { ask, type Answer } from './forward-auth/ask.ts'
import { authServer } from './forward-auth/auth-server.ts'
import { chosenCookies, fieldChoice, grantedHeaders, withCookies } from './forward-auth/grant.ts'
import { withoutHopFields } from './forward-auth/hop-fields.ts'
import { questionHeaders } from './forward-auth/question.ts'
import { refusal } from './forward-auth/refusal.ts'
import { noteUser } from './identity.ts'
import { patternIn } from './pattern-option.ts'

const flag = withDefault(boolean, false)
const names = withDefault(list(nonEmptyText), [])
const unlimited = -1
/** As in Traefik, where no key changes it. */
const authTimeoutMs = 30_000

const fields = object({
  address: authServer,
  tls: optional(clientTls),
  trustForwardHeader: optional(boolean),
  /** Of the client's fields only these are sent; empty: all. */
  authRequestHeaders: names,
  /** Fields of the answer that the server gets, in place of the client's. */
  authResponseHeaders: names,
  authResponseHeadersRegex: optional(patternIn(nonEmptyText)),
  addAuthCookiesToResponse: names,
  /** The field of the answer that names the user, for the access log. */
  headerField: withDefault(fieldName, ''),
  forwardBody: flag,
  /** Bytes; a larger body is refused. */
  maxBodySize: withDefault(integer({ min: unlimited }), unlimited),
  maxResponseBodySize: withDefault(integer({ min: unlimited }), unlimited),
  preserveRequestMethod: flag,
  preserveLocationHeader: flag,
  authSigninURL: withDefault(text, ''),
})

type Options = Infer<typeof fields>

const options: Decoder<Options> = {
  ...fields,
  decode(node, at) {
    const decoded = fields.decode(node, at)
    if (decoded !== invalid && decoded.forwardBody && decoded.maxBodySize < 0) {
      at.warning(node.source, 'forwardBody without maxBodySize holds bodies of any size in memory')
    }
    return decoded
  },
}

/** Lets another server decide whether a request may pass. Without its consent none does. */
export const forwardAuth = defineMiddleware({
  name: 'forwardAuth',
  summary: 'Asks another server about every request, and lets it pass only when that server answers with 2xx.',
  options,
  build: (options, scope) => {
    const transport = scope.transport(options.tls)
    const { address: server, maxResponseBodySize: maxAnswerBytes } = options
    const askOptions = { server, transport, maxAnswerBytes, timeoutMs: authTimeoutMs }
    const isChosen = fieldChoice(options.authResponseHeaders, options.authResponseHeadersRegex)
    const cookieNames = new Set(options.addAuthCookiesToResponse)
    const userField = options.headerField.toLowerCase()
    const headersOf = questionHeadersOf(options)

    async function pass(request: HttpRequest, answer: Answer, next: Handler): Promise<HttpResponse> {
      const cookies = chosenCookies(answer, cookieNames)
      const response = await next({ ...request, headers: grantedHeaders(request.headers, answer.headers, isChosen) })
      return cookies.length === 0 ? response : withCookies(response, cookies)
    }

    return (next) => async (received) => {
      const held = await holdBody(received, options)
      if (held === undefined) return reply(401, '')
      const { request, body } = held
      const method = options.preserveRequestMethod ? request.method : 'GET'
      const raw = await ask(request, { method, headers: headersOf(request), body }, askOptions)
      if (raw === undefined) return reply(401, '')
      const answer = { ...raw, headers: withoutHopFields(raw.headers) }
      const user = userField === '' ? undefined : headerValue(answer.headers, userField)
      if (user !== undefined) noteUser(request, user)
      const isGranted = answer.status >= 200 && answer.status < 300
      return isGranted ? pass(request, answer, next) : refusal(answer, server, options)
    }
  },
})

function questionHeadersOf({ trustForwardHeader, authRequestHeaders }: Options) {
  const listed = new Set(authRequestHeaders.map((name) => name.toLowerCase()))
  const allowed = listed.size === 0 ? undefined : listed
  return (request: HttpRequest) => questionHeaders(request, { trustForwardHeader, allowed })
}

interface HeldRequest {
  readonly request: HttpRequest
  /** What the auth server gets to see; the server behind gets the same bytes again. */
  readonly body: Uint8Array | undefined
}

/** Undefined when the body is too large. */
async function holdBody(request: HttpRequest, options: Options): Promise<HeldRequest | undefined> {
  // What follows a CONNECT of no known length is a tunnel, which never ends.
  const isTunnel = request.method === 'CONNECT' && request.body.length === undefined
  if (!options.forwardBody || isTunnel || request.body.length === 0) return { request, body: undefined }
  const body = await readWhole(request.body, options.maxBodySize)
  return body === undefined ? undefined : { request: { ...request, body: bytesBody(body) }, body }
}
