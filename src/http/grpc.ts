import type { ErrorCode } from '../errors.ts'
import { emptyBody } from './body.ts'
import type { Exchange } from './exchange.ts'
import { headerValue, keepHeaders, type Headers } from './headers.ts'
import type { HttpResponse, Middleware } from './message.ts'
import { statusText } from './status-text.ts'

/** Status codes of gRPC that a proxy has a use for. */
const grpcStatus = {
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** A gRPC call in either form, `application/grpc` or `application/grpc-web`. */
export function isGrpc(headers: Headers): boolean {
  const type = headerValue(headers, 'content-type')
  return type !== undefined && /^application\/grpc(?:$|[-+;])/i.test(type)
}

/**
 * An answer that the proxy made itself, as a gRPC status: the caller's library would make "unknown" of an HTTP error,
 * and a page of text in front of a user. Answers of a server pass as they are.
 */
export const grpcErrors: Middleware = (next) => (request) => {
  if (!isGrpc(request.headers)) return next(request)
  const { exchange } = request
  const type = headerValue(request.headers, 'content-type')!
  return next(request).then((response) =>
    isOwnError(response, exchange) ? asGrpc(response, exchange, type) : response,
  )
}

function isOwnError(response: HttpResponse, exchange: Exchange): boolean {
  if (response.status < 400 || isGrpc(response.headers)) return false
  return exchange.failure !== undefined || exchange.originStatus === undefined
}

/** In gRPC's "trailers-only" form: everything is in the head, and there is no body. */
function asGrpc(response: HttpResponse, exchange: Exchange, type: string): HttpResponse {
  const { status } = response
  const code = byError[exchange.failure?.code as ErrorCode] ?? byStatus[status] ?? grpcStatus.unknown
  const kept = keepHeaders(response.headers, (name) => !/^content-|^x-content-type-options$/i.test(name))
  // Nothing of the cause: what a peer sees is the status's text.
  const message = statusText(status).replaceAll('%', '%25')
  const headers = [...kept, 'Content-Type', type, 'Grpc-Status', String(code), 'Grpc-Message', message]
  return { status: 200, headers, body: emptyBody }
}

/** Where the status alone would say too little: 504 is both a server that is away and one that took too long. */
const byError: Partial<Record<ErrorCode, number>> = {
  'upstream.dialTimeout': grpcStatus.unavailable,
  'upstream.responseTimeout': grpcStatus.deadlineExceeded,
  'proxy.writeTimeout': grpcStatus.deadlineExceeded,
  'client.bodyTimeout': grpcStatus.deadlineExceeded,
  'proxy.shutdown': grpcStatus.unavailable,
}

/** What gRPC itself makes of an HTTP status (its "HTTP to gRPC status code mapping"), with 413 and 504 told apart. */
const byStatus: Partial<Record<number, number>> = {
  400: grpcStatus.internal,
  401: grpcStatus.unauthenticated,
  403: grpcStatus.permissionDenied,
  404: grpcStatus.unimplemented,
  413: grpcStatus.resourceExhausted,
  429: grpcStatus.unavailable,
  431: grpcStatus.internal,
  500: grpcStatus.internal,
  502: grpcStatus.unavailable,
  503: grpcStatus.unavailable,
  504: grpcStatus.deadlineExceeded,
}
