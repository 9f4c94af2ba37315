import { integer, object, timeout, withDefault } from '../config/schema.ts'
import { toProxyError, type ProxyError } from '../errors.ts'
import type { HttpResponse, Middleware } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import { statusReply } from '../http/reply.ts'
import { CircuitBreaker } from './circuit-breaker/breaker.ts'
import { responseVocabulary } from './circuit-breaker/response-metrics.ts'
import { defineMiddleware } from './define.ts'
import { expressionIn } from './expression/decode.ts'

const options = object({
  expression: expressionIn(responseVocabulary, 'NetworkErrorRatio() > 0.30 || LatencyAtQuantileMS(50.0) > 100'),
  checkPeriod: withDefault(timeout, 100),
  fallbackDuration: withDefault(timeout, 10_000),
  recoveryDuration: withDefault(timeout, 10_000),
  responseCode: withDefault(integer({ min: 200, max: 599 }), 503),
})

/** Answers in place of a service that fails, until it has had time to recover. Its state is that of one router. */
export const circuitBreaker = defineMiddleware({
  name: 'circuitBreaker',
  summary: 'Stops sending requests to a service that fails, as an expression defines it, and tries it again later.',
  options,
  build({ expression, checkPeriod, fallbackDuration, recoveryDuration, responseCode }, scope) {
    const terms = {
      expression,
      checkPeriodMs: checkPeriod,
      fallbackDurationMs: fallbackDuration,
      recoveryDurationMs: recoveryDuration,
    }
    const changed = (state: string) =>
      scope.log.warn(`the circuit breaker is ${state}`, { expression: expression.text })
    const breaker = scope.keep('breaker', () => new CircuitBreaker(terms, { changed }))
    return breakCircuit(breaker, responseCode)
  },
})

/** `refusedStatus` is what a request is answered with that the breaker does not let through. */
export function breakCircuit(breaker: CircuitBreaker, refusedStatus: number): Middleware {
  return (next) => (request) => {
    if (!breaker.admits()) return Promise.resolve(statusReply(refusedStatus))
    const startedAt = breaker.now
    return next(request).then(
      (response) => watched(response, new Watch(breaker, startedAt, response.status)),
      (thrown) => {
        breaker.record(toProxyError(thrown).facts.status, breaker.now - startedAt)
        throw thrown
      },
    )
  }
}

function watched(response: HttpResponse, watch: Watch): HttpResponse {
  if (response.body.length !== 0) return { ...response, body: new ObservedBody(response.body, watch) }
  watch.ended()
  return response
}

/** Latency counts to the last byte, as in Traefik; a server that breaks off is a network error. */
class Watch implements BodyObserver {
  readonly #breaker: CircuitBreaker
  readonly #startedAt: number
  readonly #status: number

  constructor(breaker: CircuitBreaker, startedAt: number, status: number) {
    this.#breaker = breaker
    this.#startedAt = startedAt
    this.#status = status
  }

  ended(): void {
    this.#breaker.record(this.#status, this.#breaker.now - this.#startedAt)
  }

  failed(error: ProxyError): ProxyError {
    const isServers = error.code.startsWith('upstream.')
    this.#breaker.record(isServers ? error.facts.status : this.#status, this.#breaker.now - this.#startedAt)
    return error
  }
}
