import { allowEmpty, boolean, deprecated, object, optional } from '../config/schema.ts'
import { isEmptyBody } from '../http/body.ts'
import { hasHeader, headerValue, withHeader } from '../http/headers.ts'
import type { HttpResponse } from '../http/message.ts'
import { peekBody } from '../http/peek-body.ts'
import { sniffContentType } from '../http/sniff.ts'
import { defineMiddleware } from './define.ts'

const options = allowEmpty(
  object({ autoDetect: optional(deprecated(boolean, 'contentType by itself detects; leave it out not to')) }),
)

export const contentType = defineMiddleware({
  name: 'contentType',
  summary: 'Tells the type of responses that come without a Content-Type, from their first bytes.',
  options,
  build: ({ autoDetect }) => {
    if (autoDetect === false) return (next) => next
    return (next) => (request) =>
      next(request).then((response) => (lacksType(response) ? withSniffedType(response) : response))
  },
})

/** Go looks neither at encoded bodies, which it can't read, nor where there is none. */
function lacksType({ status, headers, body, upgrade }: HttpResponse): boolean {
  if (upgrade !== undefined || isEmptyBody(body) || status === 204 || status === 304) return false
  return !hasHeader(headers, 'content-type') && (headerValue(headers, 'content-encoding') ?? '') === ''
}

/** From the first piece alone: waiting for 512 bytes would hold back a stream of short messages. */
async function withSniffedType(response: HttpResponse): Promise<HttpResponse> {
  const { first, body } = await peekBody(response.body)
  if (first === undefined) return { ...response, body }
  return { ...response, body, headers: withHeader(response.headers, 'Content-Type', sniffContentType(first)) }
}
