import type { ProxyError } from '../errors.ts'
import type { Handler } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import type { ServerLoad } from './load.ts'

/** A server's Handler that keeps its load. A request is in flight until its answer's last byte has passed. */
export function measured(load: ServerLoad, handler: Handler): Handler {
  const observer: BodyObserver = {
    ended: () => void load.inFlight--,
    failed: (error: ProxyError) => {
      load.inFlight--
      return error
    },
  }
  return async (request) => {
    const startedAt = performance.now()
    load.inFlight++
    try {
      const response = await handler(request)
      load.answered(performance.now() - startedAt)
      if (response.body.length !== 0) return { ...response, body: new ObservedBody(response.body, observer) }
      load.inFlight--
      return response
    } catch (thrown) {
      load.inFlight--
      throw thrown
    }
  }
}
