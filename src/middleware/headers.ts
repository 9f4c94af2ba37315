import { boolean, dead, invalid, object, text, withDefault, type Decoder, type Infer } from '../config/schema.ts'
import type { Headers } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { plainReply } from '../http/reply.ts'
import { corsFields, hasCors, isPreflight, preflightReply, withCorsHeaders } from './cors.ts'
import { defineMiddleware } from './define.ts'
import { fieldChanges, fieldMap, isUnset, type Field } from './field.ts'
import { secureFields, securePolicy } from './secure-headers.ts'

const customFields = {
  customRequestHeaders: withDefault(fieldMap, []),
  customResponseHeaders: withDefault(fieldMap, []),
}

const deadFields = {
  sslRedirect: dead(boolean),
  sslTemporaryRedirect: dead(boolean),
  sslHost: dead(text),
  sslForceHost: dead(boolean),
  featurePolicy: dead(text),
}

const deadNames = new Set(Object.keys(deadFields).map((key) => key.toLowerCase()))

const fields = object({ ...customFields, ...corsFields, ...secureFields, ...deadFields })

type HeadersOptions = Infer<typeof fields>

/** A headers middleware that does nothing is a mistake, unless it was written for a Traefik that knew the dead keys. */
const options: Decoder<HeadersOptions> = {
  ...fields,
  decode(node, at) {
    const decoded = fields.decode(node, at)
    if (decoded === invalid || !Object.values(decoded).every(isUnset)) return decoded
    const hasDeadKey = node.kind === 'map' && [...node.entries.keys()].some((key) => deadNames.has(key.toLowerCase()))
    return hasDeadKey ? decoded : at.error(node.source, 'headers configuration not valid: it sets nothing')
  },
}

/**
 * On the way in: preflight, custom request headers, allowed hosts. On the way back: secure headers, then custom ones,
 * which may change or remove those, then CORS headers.
 */
export const headers = defineMiddleware({
  name: 'headers',
  summary: 'Sets and takes away header fields, answers CORS preflights, and adds security headers.',
  options,
  build: (options) => {
    const allowsOrigins = hasCors(options)
    const secure = securePolicy(options)
    const changeRequest = requestChange(options.customRequestHeaders)
    const changeResponse = fieldChanges(options.customResponseHeaders)
    const hasResponsePart = allowsOrigins || secure.guards || options.customResponseHeaders.length > 0

    function finish(request: HttpRequest, response: HttpResponse, guarded: Headers): HttpResponse {
      const changed = changeResponse(guarded)
      return { ...response, headers: allowsOrigins ? withCorsHeaders(options, request, changed) : changed }
    }

    return (next: Handler) => (received) => {
      if (allowsOrigins && isPreflight(received)) return Promise.resolve(preflightReply(options, received))
      const request = changeRequest(received)
      if (!secure.allowsHost(request)) {
        const refusal = plainReply(500, 'Bad Host')
        return Promise.resolve(finish(request, refusal, refusal.headers))
      }
      const answer = next(request)
      if (!hasResponsePart) return answer
      return answer.then((response) => finish(request, response, secure.guard(request, response.headers)))
    }
  },
})

function requestChange(custom: readonly Field[]): (request: HttpRequest) => HttpRequest {
  if (custom.length === 0) return (request) => request
  const host = custom.findLast(({ name, value }) => name === 'Host' && value !== '')?.value
  const change = fieldChanges(custom.filter(({ name }) => name !== 'Host'))
  // Taken away and not added again by the forwarder: an empty value says so (see http/connection-headers.ts).
  const nullsForwardedFor = custom.some(({ name, value }) => name === 'X-Forwarded-For' && value === '')
  return (request) => {
    const changed = change(request.headers)
    const headers = nullsForwardedFor ? [...changed, 'X-Forwarded-For', ''] : changed
    return { ...request, headers, host: host ?? request.host }
  }
}
