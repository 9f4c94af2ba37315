import { byteSize, object, optional, withDefault, type Infer } from '../config/schema.ts'
import { ProxyError, toProxyError } from '../errors.ts'
import { isEmptyBody, type Body } from '../http/body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { attemptVocabulary } from './buffering/attempt.ts'
import { Spool, type SpoolLimits } from './buffering/spool.ts'
import { defineMiddleware } from './define.ts'
import { expressionIn } from './expression/decode.ts'

const defaultMemoryBytes = 1024 * 1024

const options = object({
  /** 0 for no limit. */
  maxRequestBodyBytes: withDefault(byteSize, 0),
  memRequestBodyBytes: withDefault(byteSize, defaultMemoryBytes),
  maxResponseBodyBytes: withDefault(byteSize, 0),
  memResponseBodyBytes: withDefault(byteSize, defaultMemoryBytes),
  retryExpression: optional(expressionIn(attemptVocabulary, 'IsNetworkError() && Attempts() < 2')),
})

type RetryExpression = Infer<typeof options>['retryExpression']

/** Whatever the expression says. */
const maximumRetries = 10

/**
 * Reads a request whole before it is forwarded, and a response whole before the client gets it, so that neither a slow
 * client nor a slow server holds the other. What streams (server-sent events) therefore stalls.
 */
export const buffering = defineMiddleware({
  name: 'buffering',
  summary: 'Reads requests and responses whole before they go on, with limits on their size.',
  options,
  build(terms) {
    const requestLimits = limits(terms.maxRequestBodyBytes, terms.memRequestBodyBytes, 'client.bodyTooLarge')
    const responseLimits = limits(terms.maxResponseBodyBytes, terms.memResponseBodyBytes, 'upstream.tooLarge')
    const { retryExpression } = terms
    return (next) => async (request) => {
      const isReady = retryExpression === undefined && isBuffered(request.body, requestLimits)
      if (isReady || isEmptyBody(request.body)) return sendBuffered({ request, next, responseLimits, retryExpression })
      const spool = await Spool.of(request.body, requestLimits)
      try {
        return await sendBuffered({ request, next, responseLimits, retryExpression, spool })
      } finally {
        await spool.close()
      }
    }
  },
})

function limits(maximum: number, memory: number, tooLarge: SpoolLimits['tooLarge']): SpoolLimits {
  // In memory 0 means the default, as in the library that Traefik uses.
  return { maximumBytes: maximum || Infinity, memoryBytes: memory || defaultMemoryBytes, tooLarge }
}

/** What is in memory as it is need not be put there. */
function isBuffered({ whole }: Body, { maximumBytes }: SpoolLimits): boolean {
  return whole !== undefined && whole.length <= maximumBytes
}

interface Sending {
  readonly request: HttpRequest
  readonly next: Handler
  readonly responseLimits: SpoolLimits
  readonly retryExpression: RetryExpression
  /** The request's body, when it has one. */
  readonly spool?: Spool
}

type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly response: HttpResponse }
  | { readonly kind: 'failed'; readonly status: number; readonly error: ProxyError }

async function sendBuffered(sending: Sending): Promise<HttpResponse> {
  const { request, retryExpression } = sending
  const { exchange } = request
  const { interim } = exchange
  // They would reach the client before an answer that may still be thrown away.
  exchange.interim = undefined
  try {
    for (let number = 1; ; number++) {
      const outcome = await attempt(sending)
      const attempted = { method: request.method, number, status: outcome.status }
      const isUpgraded = outcome.kind === 'answered' && outcome.response.upgrade !== undefined
      const mayRetry = number <= maximumRetries && !isUpgraded && exchange.cancelled === undefined
      if (!mayRetry || retryExpression?.holds(attempted) !== true) return settle(outcome)
      if (outcome.kind === 'answered') outcome.response.body.cancel(notWanted)
      exchange.forgetAttempt()
    }
  } finally {
    exchange.interim = interim
  }
}

function settle(outcome: Outcome): HttpResponse {
  if (outcome.kind === 'failed') throw outcome.error
  return outcome.response
}

async function attempt({ request, next, responseLimits, spool }: Sending): Promise<Outcome> {
  try {
    const response = await next(spool === undefined ? request : { ...request, body: spool.open() })
    const { status } = response
    const isReady = isEmptyBody(response.body) || isBuffered(response.body, responseLimits)
    if (response.upgrade !== undefined || isReady) return { kind: 'answered', status, response }
    return { kind: 'answered', status, response: await buffered(response, responseLimits) }
  } catch (thrown) {
    const error = toProxyError(thrown)
    return { kind: 'failed', status: error.facts.status, error }
  }
}

async function buffered(response: HttpResponse, responseLimits: SpoolLimits): Promise<HttpResponse> {
  const spool = await Spool.of(response.body, responseLimits)
  return { ...response, body: spool.open(() => void spool.close().catch(() => {})) }
}

const notWanted = new ProxyError('upstream.reset', 'another attempt is made')
