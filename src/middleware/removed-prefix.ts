import { withAddedHeader } from '../http/headers.ts'
import type { Headers } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { plainReply } from '../http/reply.ts'
import { encodedLength, sanitisePath } from '../http/target.ts'

export interface PrefixRemoval {
  /** In the form of `decodedPath`, of which the request's path has it in front. */
  readonly prefix: string
  /** Whether a path that is only the prefix becomes `/` and not ''. */
  readonly forceSlash: boolean
  /** Adds the field that tells the prefix. */
  readonly tell: (headers: Headers) => Headers
}

export function tellPrefix(prefix: string): (headers: Headers) => Headers {
  return (headers) => withAddedHeader(headers, 'X-Forwarded-Prefix', prefix)
}

/** Hands the request on without the prefix, which X-Forwarded-Prefix tells from here on. */
export function passWithoutPrefix(
  next: Handler,
  request: HttpRequest,
  { prefix, forceSlash, tell }: PrefixRemoval,
): Promise<HttpResponse> {
  const path = withoutPrefix(request.path, prefix.length, forceSlash)
  // `/api../x` would leave `/../x`: a path that climbs out of what the router let in.
  if (path !== '' && sanitisePath(path) !== path) return Promise.resolve(plainReply(400, 'Bad Request'))
  return next({ ...request, path, headers: tell(request.headers) })
}

function withoutPrefix(path: string, decodedLength: number, forceSlash: boolean): string {
  const rest = path.slice(encodedLength(path, decodedLength))
  if (rest.startsWith('/')) return rest
  if (rest === '') return forceSlash ? '/' : ''
  // The slash after the prefix may have been encoded; decoded it is there, so no second one is put before it.
  return rest.startsWith('%2F') ? `/${rest.slice(3)}` : `/${rest}`
}
