import { boolean, object, text, withDefault } from '../config/schema.ts'
import { encodedUrl } from '../http/go-url.ts'
import { requestTarget, type HttpRequest } from '../http/message.ts'
import { statusReply } from '../http/reply.ts'
import { pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { patternIn } from './pattern-option.ts'
import { redirectStatus } from './redirect-scheme.ts'

const options = object({
  regex: patternIn(text),
  replacement: text,
  permanent: withDefault(boolean, false),
})

export const redirectRegex = defineMiddleware({
  name: 'redirectRegex',
  summary: 'Redirects requests whose URL matches a regular expression.',
  options,
  build: ({ regex, replacement, permanent }) => {
    const template = pathBytes(replacement)
    return (next) => (request) => {
      const from = clientUrl(request)
      if (!regex.matches(from)) return next(request)
      const to = regex.replaceAll(from, template)
      const location = encodedUrl(to)
      // Traefik's error handler takes Go's parse error for one of the network: 502.
      if (location === undefined) return Promise.resolve(statusReply(502))
      if (to === from) return next(request)
      return Promise.resolve(statusReply(redirectStatus(request.method, permanent), ['Location', location]))
    }
  },
})

/** What the client asked of this very proxy: unlike redirectScheme, an earlier hop's X-Forwarded-Proto does not count. */
function clientUrl(request: HttpRequest): string {
  const scheme = request.exchange.client.tls === undefined ? 'http' : 'https'
  return `${scheme}://${request.host}${requestTarget(request)}`
}
