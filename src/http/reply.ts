import type { ProxyError } from '../errors.ts'
import { bytesBody, emptyBody, textBody } from './body.ts'
import { noHeaders, type Headers } from './headers.ts'
import type { HttpResponse } from './message.ts'
import { statusText } from './status-text.ts'

/**
 * The proxy's own answers, with the bodies that Traefik gives. They are whole: to HEAD and with 204 or 304 it is for
 * the server that writes them to leave the body out.
 */

/** An answer with this text and no Content-Type, or with no body for ''. */
export function reply(status: number, text: string, headers: Headers = noHeaders): HttpResponse {
  return { status, headers, body: text === '' ? emptyBody : textBody(text) }
}

/** An answer whose text is the status's own. */
export function statusReply(status: number, headers: Headers = noHeaders): HttpResponse {
  return { status, headers, body: bytesBody(statusBytes(status)) }
}

/** Clients must not take the text for anything else: it may repeat what they sent. */
const plainHeaders: Headers = ['Content-Type', 'text/plain; charset=utf-8', 'X-Content-Type-Options', 'nosniff']

/** The form of Go's `http.Error`: typed as plain text, and with a line feed after the text. */
export function plainReply(status: number, text: string): HttpResponse {
  return { status, headers: plainHeaders, body: textBody(`${text}\n`) }
}

/** No router matches. */
export function notFound(): HttpResponse {
  return plainReply(404, '404 page not found')
}

/** The service has no server, or none that is healthy. */
export function noAvailableServer(): HttpResponse {
  return plainReply(503, 'no available server')
}

/** The one place where a failure becomes an answer. What the client reads is the status's text, never the cause. */
export function errorReply(error: ProxyError): HttpResponse {
  if (error.code === 'proxy.noServer') return noAvailableServer()
  if (error.code === 'upstream.authFailed') return reply(error.facts.status, '')
  return statusReply(error.facts.status)
}

const bytesByStatus = new Map<number, Uint8Array>()

/** Encoded once each: an upstream that is down gets its 502 written thousands of times a second. */
function statusBytes(status: number): Uint8Array {
  const known = bytesByStatus.get(status)
  if (known !== undefined) return known
  const bytes = new TextEncoder().encode(statusText(status))
  bytesByStatus.set(status, bytes)
  return bytes
}
