import { ProxyError } from '../errors.ts'
import type { Middleware } from './message.ts'
import { errorReply } from './reply.ts'
import { normalisePath, sanitisePath, withEncodedSemicolons } from './target.ts'

export interface CleanTargetOptions {
  /** Remove `/./`, `/../` and `//`. */
  readonly sanitizePath: boolean
  /** Rewrite `;` in the query to `%3B`, so that nobody takes it for a separator. */
  readonly encodeQuerySemicolons: boolean
}

/**
 * Brings the target into the one form that rules, middlewares and servers see, so that none of them can be told another
 * path than the others (Traefik's request path normalisation and sanitising).
 */
export function cleanTarget({ sanitizePath, encodeQuerySemicolons }: CleanTargetOptions): Middleware {
  return (next) => (request) => {
    if (request.path === '*') return next(request)
    const normal = normalisePath(request.path)
    if (normal === undefined) {
      const error = new ProxyError('client.malformed', 'a path with a broken percent-encoding')
      request.exchange.failure = error
      return Promise.resolve(errorReply(error))
    }
    const path = sanitizePath ? sanitisePath(normal) : normal
    const query = encodeQuerySemicolons ? withEncodedSemicolons(request.query) : request.query
    return path === request.path && query === request.query ? next(request) : next({ ...request, path, query })
  }
}
