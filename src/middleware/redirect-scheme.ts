import { boolean, mapped, nonEmptyText, object, optional, refine, withDefault } from '../config/schema.ts'
import { splitAuthority } from '../http/authority.ts'
import { headerValue } from '../http/headers.ts'
import { requestTarget, type HttpRequest } from '../http/message.ts'
import { statusReply } from '../http/reply.ts'
import { defineMiddleware } from './define.ts'

const scheme = refine(nonEmptyText, (written) =>
  /^[a-z][a-z0-9+.-]*$/i.test(written)
    ? undefined
    : `is not a URL scheme: ${JSON.stringify(written)} (such as "https")`,
)

const port = refine(nonEmptyText, (written) =>
  /^\d{1,5}$/.test(written) && Number(written) >= 1 && Number(written) <= 65_535
    ? undefined
    : `is not a port: ${JSON.stringify(written)} (expected a number from 1 to 65535)`,
)

const options = object({
  scheme: mapped(scheme, (written) => written.toLowerCase()),
  port: optional(port),
  permanent: withDefault(boolean, false),
})

export const redirectScheme = defineMiddleware({
  name: 'redirectScheme',
  summary: 'Redirects requests to another scheme or port, mostly from http to https.',
  options,
  build: (options) => {
    const portSuffix = suffix(options.scheme, options.port ?? '')
    return (next) => (request) => {
      const { host, port } = splitAuthority(request.host)
      const target = requestTarget(request)
      const location = `${options.scheme}://${host}${portSuffix}${target}`
      const from = clientScheme(request)
      if (location === `${from}://${host}${suffix(from, port)}${target}`) return next(request)
      return Promise.resolve(statusReply(redirectStatus(request.method, options.permanent), ['Location', location]))
    }
  },
})

/** Only GET may turn up as another method elsewhere (RFC 9110 §15.4.3); all others, HEAD too, must be sent again as they are. */
export function redirectStatus(method: string, permanent: boolean): number {
  if (method === 'GET') return permanent ? 301 : 302
  return permanent ? 308 : 307
}

/** What the client itself used: an earlier hop's word counts, since forwarded.ts has left only words of trusted ones. */
function clientScheme(request: HttpRequest): string {
  switch (headerValue(request.headers, 'x-forwarded-proto')?.toLowerCase()) {
    case 'http':
    case 'ws':
      return 'http'
    case 'https':
    case 'wss':
      return 'https'
    default:
      return request.exchange.client.tls === undefined ? 'http' : 'https'
  }
}

function suffix(scheme: string, port: string): string {
  const isDefault = (scheme === 'http' && port === '80') || (scheme === 'https' && port === '443')
  return port === '' || isDefault ? '' : `:${port}`
}
