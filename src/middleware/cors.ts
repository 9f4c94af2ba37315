import { boolean, integer, list, nonEmptyText, withDefault, type Infer } from '../config/schema.ts'
import { headerValue, joinedHeader, withHeader, type Headers } from '../http/headers.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import { reply } from '../http/reply.ts'
import { fieldValue, isUnset } from './field.ts'
import { patternIn } from './pattern-option.ts'

const originPattern = patternIn(nonEmptyText)

const values = withDefault(list(fieldValue), [])

/** The `accessControl…` keys of the headers middleware. */
export const corsFields = {
  accessControlAllowCredentials: withDefault(boolean, false),
  accessControlAllowHeaders: values,
  accessControlAllowMethods: values,
  accessControlAllowOriginList: values,
  accessControlAllowOriginListRegex: withDefault(list(originPattern), []),
  accessControlExposeHeaders: values,
  accessControlMaxAge: withDefault(integer(), 0),
  addVaryHeader: withDefault(boolean, false),
}

export type CorsOptions = { readonly [Key in keyof typeof corsFields]: Infer<(typeof corsFields)[Key]> }

/** True when any CORS key is set: only then are preflights answered here. */
export function hasCors(options: CorsOptions): boolean {
  const { accessControlAllowCredentials, accessControlMaxAge, addVaryHeader } = options
  const lists = [
    options.accessControlAllowHeaders,
    options.accessControlAllowMethods,
    options.accessControlAllowOriginList,
    options.accessControlAllowOriginListRegex,
    options.accessControlExposeHeaders,
  ]
  return ![accessControlAllowCredentials, accessControlMaxAge, addVaryHeader, ...lists].every(isUnset)
}

/** True for an OPTIONS request that a browser sends ahead to ask whether it may send another (Fetch §3.2.2). */
export function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === 'OPTIONS' &&
    (headerValue(request.headers, 'access-control-request-method') ?? '') !== '' &&
    (headerValue(request.headers, 'origin') ?? '') !== ''
  )
}

/**
 * The answer to a preflight, which is not forwarded. An origin that is not allowed gets it as well, without the header
 * that allows: that is how a browser learns of the refusal.
 */
export function preflightReply(options: CorsOptions, request: HttpRequest): HttpResponse {
  const headers: string[] = []
  const push = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') headers.push(name, value)
  }
  const echoed = (allowed: readonly string[], asked: string) =>
    isWildcardWithCredentials(options, allowed) ? joinedHeader(request.headers, asked) : allowed.join(',')
  push('Access-Control-Allow-Credentials', options.accessControlAllowCredentials ? 'true' : undefined)
  push('Access-Control-Allow-Headers', echoed(options.accessControlAllowHeaders, 'access-control-request-headers'))
  push('Access-Control-Allow-Methods', echoed(options.accessControlAllowMethods, 'access-control-request-method'))
  push('Access-Control-Allow-Origin', allowedOrigin(options, request))
  push('Access-Control-Max-Age', String(options.accessControlMaxAge))
  return reply(200, '', headers)
}

/** The response's fields with what allows a page of the request's origin to read it. */
export function withCorsHeaders(options: CorsOptions, request: HttpRequest, headers: Headers): Headers {
  let changed = headers
  const origin = allowedOrigin(options, request)
  if (origin !== undefined) changed = withHeader(changed, 'Access-Control-Allow-Origin', origin)
  if (options.accessControlAllowCredentials) changed = withHeader(changed, 'Access-Control-Allow-Credentials', 'true')
  const exposed = options.accessControlExposeHeaders
  if (exposed.length > 0 && !isWildcardWithCredentials(options, exposed)) {
    changed = withHeader(changed, 'Access-Control-Expose-Headers', exposed.join(','))
  }
  return options.addVaryHeader ? withVaryOrigin(changed) : changed
}

function allowedOrigin(options: CorsOptions, request: HttpRequest): string | undefined {
  const origin = headerValue(request.headers, 'origin') ?? ''
  for (const allowed of options.accessControlAllowOriginList) {
    if (allowed === '*') return options.accessControlAllowCredentials ? origin || undefined : '*'
    if (origin !== '' && allowed === origin) return origin
  }
  if (origin === '') return undefined
  const matches = options.accessControlAllowOriginListRegex.some((pattern) => pattern.matches(origin))
  return matches ? origin : undefined
}

/** With credentials browsers take `*` for a name like any other (Fetch §3.2.5). */
function isWildcardWithCredentials(options: CorsOptions, names: readonly string[]): boolean {
  return options.accessControlAllowCredentials && names.includes('*')
}

/** Without a space after the comma, as Traefik writes it. */
function withVaryOrigin(headers: Headers): Headers {
  const vary = joinedHeader(headers, 'vary') ?? ''
  if (vary === 'Origin') return headers
  return withHeader(headers, 'Vary', vary === '' ? 'Origin' : `${vary},Origin`)
}
