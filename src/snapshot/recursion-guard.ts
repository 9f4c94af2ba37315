import { ProxyError } from '../errors.ts'
import { headerValue, withHeader } from '../http/headers.ts'
import type { Middleware } from '../http/message.ts'
import { reply } from '../http/reply.ts'
import { Fnv64 } from '../service/fnv.ts'

/**
 * Refuses a request that has come through this router before: its server is the proxy itself, and it would go round for
 * ever. Known by a field that Traefik sets as well, so a loop through both is found by either.
 */
export function recursionGuard(routerName: string): Middleware {
  const mark = new Fnv64('1').add(routerName).hex
  return (next) => (request) => {
    if (headerValue(request.headers, 'x-traefik-router') !== mark) {
      return next({ ...request, headers: withHeader(request.headers, 'X-Traefik-Router', mark) })
    }
    request.exchange.failure = new ProxyError('client.malformed', 'has been through this router before')
    return Promise.resolve(reply(400, ''))
  }
}
