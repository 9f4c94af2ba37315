import { ProxyError, toProxyError } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import type { HttpRequest, HttpResponse, Middleware } from './message.ts'
import { errorReply } from './reply.ts'

/**
 * Turns every failure of the layers behind it into an answer and one log entry, so that none ends the connection's
 * loop or the process. What the client sees tells the status and never the cause.
 *
 * It stands around every router. A middleware that must look at the answer whichever way it came (error pages) puts it
 * around its own `next` with `scope.log`: the failure is settled, noted in `exchange.failure` and logged there, once.
 */
export function recovery(log: Log): Middleware {
  return (next) => (request) => {
    const recover = (thrown: unknown) => answer(thrown, request, log)
    try {
      return next(request).catch(recover)
    } catch (thrown) {
      return Promise.resolve(recover(thrown))
    }
  }
}

function answer(thrown: unknown, request: HttpRequest, log: Log): HttpResponse {
  const { exchange } = request
  const error = toProxyError(thrown)
  exchange.failure = error
  // Whoever failed may have left the request's body unread; nobody will read it now.
  request.body.cancel(error)
  log[error.facts.log](error.message, {
    error: error.code,
    router: exchange.routerName,
    service: exchange.serviceName,
    server: exchange.serverUrl,
    client: exchange.client.address,
    stack: stackOf(error),
  })
  return errorReply(error)
}

/** Only a fault of the proxy's own (or of user code in it) has a stack that helps. */
function stackOf(error: ProxyError): string | undefined {
  if (error.code !== 'proxy.unexpected') return undefined
  return error.cause instanceof Error ? error.cause.stack : error.stack
}
