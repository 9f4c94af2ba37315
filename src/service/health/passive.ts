import { toProxyError } from '../../errors.ts'
import type { Handler } from '../../http/message.ts'

export interface Judged {
  failed(): void
  succeeded(): void
}

/** A server's Handler that tells how each attempt went: a status from 500 up, or a fault of the server's, is a failure. */
export function judged(server: Judged, handler: Handler): Handler {
  return async (request) => {
    try {
      const response = await handler(request)
      if (response.status >= 500) server.failed()
      else server.succeeded()
      return response
    } catch (thrown) {
      // A client that goes away says nothing about the server.
      if (toProxyError(thrown).code.startsWith('upstream.')) server.failed()
      throw thrown
    }
  }
}
