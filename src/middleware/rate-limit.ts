import { formatDuration } from '../config/duration.ts'
import { duration, integer, object, optional, refine, withDefault } from '../config/schema.ts'
import { ProxyError } from '../errors.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { pause } from '../http/pause.ts'
import { plainReply, statusReply } from '../http/reply.ts'
import { defineMiddleware, type MiddlewareScope } from './define.ts'
import { rateOf, type Rate } from './rate-limit/rate.ts'
import { RedisConnection } from './rate-limit/redis-connection.ts'
import { redisAddress, redisOptions, type RedisOptions } from './rate-limit/redis-options.ts'
import { SharedBuckets } from './rate-limit/shared-buckets.ts'
import { TokenBuckets } from './rate-limit/token-buckets.ts'
import { buildSource, sourceCriterion } from './source-criterion.ts'

const options = object({
  /** Requests in each period; 0 is no limit. */
  average: withDefault(integer({ min: 0 }), 0),
  /** 0 is one second too. */
  period: withDefault(
    refine(duration, (ms) => (ms < 0 ? 'is negative' : undefined)),
    1000,
  ),
  /** Requests at once; less than 1 is 1. */
  burst: withDefault(integer(), 1),
  sourceCriterion: optional(sourceCriterion),
  redis: optional(redisOptions),
})

/**
 * A token bucket for each source. A request whose token will be there within half the time between two tokens waits for
 * it; any other is refused. Counted for each router in each process, unless the buckets are in Redis: then for all
 * proxies together, by the middleware's name.
 */
export const rateLimit = defineMiddleware({
  name: 'rateLimit',
  summary: 'Limits how many requests of one source pass in a time; others are answered with 429.',
  options,
  build(terms, scope) {
    const { average, period, burst, redis } = terms
    const rate = rateOf({ average, periodMs: period, burst })
    const sourceOf = buildSource(terms.sourceCriterion, 'address')
    if (rate === undefined && redis === undefined) return (next) => next
    if (rate === undefined) {
      // What Traefik does, whatever it may have meant to do.
      scope.log.warn('redis with an average of 0 refuses every request')
      return () => refuseAll
    }
    if (redis !== undefined) return sharedLimit({ rate, redis, sourceOf }, scope)
    const buckets = scope.keep('buckets', () => new TokenBuckets(rate))
    return (next) => (request) => {
      const delayMs = buckets.take(sourceOf(request), performance.now())
      return delayMs === 0 ? next(request) : admit({ request, next, delayMs, rate })
    }
  },
})

interface SharedTerms {
  readonly rate: Rate
  readonly redis: RedisOptions
  sourceOf(request: HttpRequest): string
}

function sharedLimit({ rate, redis, sourceOf }: SharedTerms, scope: MiddlewareScope) {
  const address = redisAddress(redis)
  const connection = scope.share(`redis ${JSON.stringify(address)}`, () => new RedisConnection(address))
  const buckets = new SharedBuckets(connection, scope.name, rate)
  return (next: Handler): Handler =>
    async (request) => {
      let delayMs: number
      try {
        delayMs = await buckets.take(sourceOf(request), Date.now())
      } catch (thrown) {
        return unanswered(request, thrown, scope)
      }
      return admit({ request, next, delayMs, rate })
    }
}

interface Admission {
  readonly request: HttpRequest
  readonly next: Handler
  readonly delayMs: number
  readonly rate: Rate
}

function admit({ request, next, delayMs, rate }: Admission): Promise<HttpResponse> {
  if (delayMs > rate.maxDelayMs) return Promise.resolve(tooMany(delayMs))
  return delayMs === 0 ? next(request) : pause(request.exchange, delayMs).then(() => next(request))
}

function tooMany(delayMs: number): HttpResponse {
  const seconds = String(Math.ceil(delayMs / 1000))
  return statusReply(429, ['Retry-After', seconds, 'X-Retry-In', formatDuration(delayMs)])
}

/** A limit that can't be asked is not an open door. */
function unanswered({ exchange }: HttpRequest, cause: unknown, { log }: MiddlewareScope): HttpResponse {
  const reason = cause instanceof Error ? cause.message : String(cause)
  exchange.failure = new ProxyError('proxy.unexpected', reason, cause)
  log.error('the rate limit could not be asked', { reason, router: exchange.routerName })
  return plainReply(500, 'Could not insert/update bucket')
}

const refuseAll: Handler = () => Promise.resolve(plainReply(429, 'No bursty traffic allowed'))
