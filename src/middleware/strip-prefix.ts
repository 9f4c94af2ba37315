import { boolean, list, mapped, object, text, withDefault } from '../config/schema.ts'
import { withAddedHeader } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'
import { plainReply } from '../http/reply.ts'
import { decodedPath, encodedLength, pathBytes, sanitisePath } from '../http/target.ts'
import { defineMiddleware } from './define.ts'

const options = object({
  prefixes: withDefault(list(mapped(text, (prefix) => prefix.trim())), []),
  forceSlash: withDefault(boolean, false),
})

interface Prefix {
  readonly text: string
  /** In the form of `decodedPath`. */
  readonly bytes: string
}

export const stripPrefix = defineMiddleware({
  name: 'stripPrefix',
  options,
  build: ({ prefixes, forceSlash }) => {
    const candidates: readonly Prefix[] = prefixes.map((prefix) => ({ text: prefix, bytes: pathBytes(prefix) }))
    return (next) => (request) => {
      const decoded = decodedPath(request.path)
      const prefix = candidates.find(({ bytes }) => decoded.startsWith(bytes))
      if (prefix === undefined) return next(request)
      const path = withoutPrefix(request.path, prefix.bytes.length, forceSlash)
      // `/api../x` would leave `/../x`: a path that climbs out of what the router let in.
      if (path !== '' && sanitisePath(path) !== path) return Promise.resolve(plainReply(400, 'Bad Request'))
      return next(withForwardedPrefix({ ...request, path }, prefix.text))
    }
  },
})

function withoutPrefix(path: string, decodedLength: number, forceSlash: boolean): string {
  const rest = path.slice(encodedLength(path, decodedLength))
  if (rest.startsWith('/')) return rest
  if (rest === '') return forceSlash ? '/' : ''
  // The slash after the prefix may have been encoded; decoded it is there, so no second one is put before it.
  return rest.startsWith('%2F') ? `/${rest.slice(3)}` : `/${rest}`
}

function withForwardedPrefix(request: HttpRequest, prefix: string): HttpRequest {
  return { ...request, headers: withAddedHeader(request.headers, 'X-Forwarded-Prefix', prefix) }
}
