import { encodedPath, escapeFault } from '../http/go-url.ts'
import { withAddedHeader } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'

export type PathReplacing =
  | { readonly ok: true; readonly path: string }
  /** In Go's words. */
  | { readonly ok: false; readonly message: string }

/**
 * A path made by a configuration, as it goes on the wire. It gets the leading slash that it may lack: Traefik would
 * send a target that is none.
 */
export function replacedPath(written: string): PathReplacing {
  const path = encodedPath(written)
  if (path === undefined) return { ok: false, message: escapeFault(written) }
  return { ok: true, path: path === '' || path.startsWith('/') ? path : `/${path}` }
}

/** The request with another path, and the one that it had told in X-Replaced-Path. */
export function withPath(request: HttpRequest, path: string): HttpRequest {
  return { ...request, path, headers: withAddedHeader(request.headers, 'X-Replaced-Path', request.path) }
}
