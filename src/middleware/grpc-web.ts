import { list, nonEmptyText, object, withDefault } from '../config/schema.ts'
import { headerValue, keepHeaders, withHeader, type Headers } from '../http/headers.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import { reply } from '../http/reply.ts'
import { defineMiddleware } from './define.ts'
import { decodeBase64Body, encodeGrpcWebBody } from './grpc-web-body.ts'

const options = object({ allowOrigins: withDefault(list(nonEmptyText), []) })

const webType = /^application\/grpc-web(-text)?(?=$|[+;])/i
const preflightMaxAgeSeconds = '600'

/** A browser's gRPC-Web call as plain gRPC for the server behind, and its answer back, trailers in the body. */
export const grpcWeb = defineMiddleware({
  name: 'grpcWeb',
  summary: 'Lets gRPC-Web clients, such as browsers, talk to gRPC servers.',
  options,
  build: ({ allowOrigins }) => {
    const allows = (origin: string): boolean => allowOrigins.includes('*') || allowOrigins.includes(origin)
    return (next) => (request) => {
      if (isPreflight(request)) return Promise.resolve(preflightReply(request, allows))
      const type = headerValue(request.headers, 'content-type') ?? ''
      const match = request.method === 'POST' ? webType.exec(type) : null
      if (match === null) return next(request)
      const isText = match[1] !== undefined
      return next(asGrpc(request, type, isText)).then((response) =>
        withCors(asGrpcWeb(response, type, isText), request, allows),
      )
    }
  },
})

function asGrpc(request: HttpRequest, type: string, isText: boolean): HttpRequest {
  const typed = withHeader(request.headers, 'Content-Type', type.replace(webType, 'application/grpc'))
  // A gRPC server refuses callers that do not say so: it has no other place for the status.
  const headers = withHeader(typed, 'Te', 'trailers')
  return { ...request, headers, body: isText ? decodeBase64Body(request.body) : request.body }
}

function asGrpcWeb(response: HttpResponse, type: string, isText: boolean): HttpResponse {
  const answered = headerValue(response.headers, 'content-type') ?? ''
  if (!/^application\/grpc(?=$|[+;])/i.test(answered)) return response
  const own = withHeader(response.headers, 'Content-Type', type)
  const headers = keepHeaders(own, (name) => name.toLowerCase() !== 'trailer')
  // Trailers-only: the status is in the head already, and a browser reads it there.
  if (response.body.length === 0) return { ...response, headers }
  return { ...response, headers, body: encodeGrpcWebBody(response.body, isText) }
}

/** A browser asks so before it sends a call; the `x-grpc-web` field is how it is known from other requests. */
function isPreflight({ method, headers }: HttpRequest): boolean {
  return (
    method === 'OPTIONS' &&
    headerValue(headers, 'origin') !== undefined &&
    headerValue(headers, 'access-control-request-method') === 'POST' &&
    (headerValue(headers, 'access-control-request-headers') ?? '').toLowerCase().includes('x-grpc-web')
  )
}

function preflightReply({ headers }: HttpRequest, allows: (origin: string) => boolean): HttpResponse {
  const vary = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']
  const origin = headerValue(headers, 'origin') ?? ''
  if (!allows(origin)) return reply(204, '', vary)
  const asked = headerValue(headers, 'access-control-request-headers') ?? ''
  return reply(204, '', [
    ...vary,
    ...['Access-Control-Allow-Origin', origin],
    ...['Access-Control-Allow-Methods', 'POST'],
    ...['Access-Control-Allow-Headers', asked],
    ...['Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Max-Age', preflightMaxAgeSeconds],
  ])
}

function withCors(response: HttpResponse, request: HttpRequest, allows: (origin: string) => boolean): HttpResponse {
  const origin = headerValue(request.headers, 'origin')
  if (origin === undefined || !allows(origin)) return response
  const exposed = [...new Set([...namesOf(response.headers), 'grpc-status', 'grpc-message'])].join(', ')
  const headers = [
    ...response.headers,
    ...['Vary', 'Origin', 'Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Expose-Headers', exposed],
  ]
  return { ...response, headers }
}

function namesOf(headers: Headers): string[] {
  return headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
}
