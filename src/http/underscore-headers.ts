import { keepHeaders, type Headers } from './headers.ts'
import type { Middleware } from './message.ts'
import { plainReply } from './reply.ts'

export type UnderscoreHeadersStrategy = 'keep' | 'delete' | 'reject'

/**
 * What becomes of fields like `X_User`: CGI-like upstreams read `X_User` and `X-User` as one variable, so that a client
 * may forge with one spelling what a middleware guards in the other.
 */
export function underscoreHeaders(strategy: UnderscoreHeadersStrategy): Middleware {
  if (strategy === 'keep') return (next) => next
  return (next) => (request) => {
    if (!hasUnderscore(request.headers)) return next(request)
    if (strategy === 'reject') return Promise.resolve(plainReply(400, 'Bad Request'))
    return next({ ...request, headers: keepHeaders(request.headers, (name) => !name.includes('_')) })
  }
}

function hasUnderscore(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]!.includes('_')) return true
  }
  return false
}
