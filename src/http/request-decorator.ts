import { canonicalHost } from './authority.ts'
import type { Middleware } from './message.ts'

/** Writes down the canonical host, which every rule with a host compares with. */
export const requestDecorator: Middleware = (next) => (request) => {
  request.exchange.canonicalHost = canonicalHost(request.host)
  return next(request)
}
