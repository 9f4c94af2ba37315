import { boolean, integer, list, object, refine, timeout, withDefault, type Infer } from '../config/schema.ts'
import { isInRanges, statusRange, type StatusRange } from '../config/status-range.ts'
import { ProxyError, toProxyError } from '../errors.ts'
import { isEmptyBody } from '../http/body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { pause } from '../http/pause.ts'
import { ReplayBody } from '../http/replay-body.ts'
import { traceLayer } from '../observe/trace-layer.ts'
import { defineMiddleware } from './define.ts'
import { backOffMs } from './retry/back-off.ts'
import { HeldInterims } from './retry/held-interims.ts'

const fields = object({
  /** All tries, the first included. */
  attempts: integer({ min: 1 }),
  initialInterval: withDefault(timeout, 0),
  /** No attempt is begun after this time; 0 for no limit. */
  timeout: withDefault(timeout, 0),
  status: withDefault(list(statusRange), []),
  disableRetryOnNetworkError: withDefault(boolean, false),
  retryNonIdempotentMethod: withDefault(boolean, false),
  /** Negative for no limit. */
  maxRequestBodyBytes: withDefault(integer(), 2 * 1024 * 1024),
})

const options = refine(fields, ({ status, disableRetryOnNetworkError }) => {
  const neverRetries = disableRetryOnNetworkError && status.length === 0
  return neverRetries ? 'disables the retry on network errors, and names no status to retry on' : undefined
})

type Terms = Infer<typeof options>

/**
 * Sends a request again that no byte of reached a server, and, where `status` says so, one that was answered with such a
 * status. Each attempt goes through the balancer again, so another server gets it.
 */
export const retry = defineMiddleware({
  name: 'retry',
  summary:
    'Sends a request again, through the balancer, when no server could be reached or when it answered with certain status codes.',
  options,
  tracesItself: true,
  build: (terms, { name, log }) => {
    if (terms.attempts === 1) return (next) => next
    return (next) => {
      const first = traceLayer('Retry', { 'traefik.middleware.name': name }, next)
      const attempt = (number: number): Handler => {
        if (number === 1) return first
        return traceLayer('Retry', { 'traefik.middleware.name': name, 'http.request.resend_count': number - 1 }, next)
      }
      const retries = (number: number, { method, host }: HttpRequest, pauseMs: number) => {
        log.debug('another attempt', { attempt: number, method, host, pauseMs: Math.round(pauseMs) })
      }
      return (request) => new Attempts(request, terms, { attempt, retries }).run()
    }
  },
})

interface Way {
  attempt(number: number): Handler
  retries(number: number, request: HttpRequest, pauseMs: number): void
}

type Outcome =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'failed'; readonly error: ProxyError }

const notIdempotent = new Set(['POST', 'PATCH', 'LOCK'])

/** The attempts at one request. */
class Attempts {
  readonly #request: HttpRequest
  readonly #terms: Terms
  readonly #way: Way
  readonly #startedAt = performance.now()
  readonly #body: ReplayBody | undefined
  readonly #statuses: readonly StatusRange[]

  constructor(request: HttpRequest, terms: Terms, way: Way) {
    this.#request = request
    this.#terms = terms
    this.#way = way
    const limit = terms.maxRequestBodyBytes < 0 ? Infinity : terms.maxRequestBodyBytes
    this.#body = isEmptyBody(request.body) ? undefined : new ReplayBody(request.body, limit)
    const judgesStatus = terms.retryNonIdempotentMethod || !notIdempotent.has(request.method)
    this.#statuses = judgesStatus ? terms.status : []
  }

  async run(): Promise<HttpResponse> {
    const { exchange } = this.#request
    const { interim } = exchange
    const { attempts, initialInterval } = this.#terms
    try {
      for (let number = 1; number < attempts; number++) {
        // What a failed attempt had to say beforehand is not for the client. One that has not reached a server says nothing.
        const held = this.#statuses.length > 0 ? new HeldInterims() : undefined
        if (held !== undefined) exchange.interim = held
        const outcome = await this.#try(number)
        if (!this.#isWorthAnother(outcome)) {
          held?.release(interim)
          return this.#settle(outcome)
        }
        if (outcome.kind === 'answered') outcome.response.body.cancel(notWanted)
        const pauseMs = backOffMs({ initialIntervalMs: initialInterval, attempts }, number)
        this.#way.retries(number + 1, this.#request, pauseMs)
        if (pauseMs > 0) await pause(exchange, pauseMs)
        exchange.forgetAttempt()
      }
      exchange.interim = interim
      return await this.#last(attempts)
    } finally {
      exchange.interim = interim
    }
  }

  /** Whatever comes of it is the answer. */
  #last(number: number): Promise<HttpResponse> {
    const request = this.#replayed()
    this.#body?.settle()
    return this.#way.attempt(number)(request)
  }

  async #try(number: number): Promise<Outcome> {
    try {
      return { kind: 'answered', response: await this.#way.attempt(number)(this.#replayed()) }
    } catch (thrown) {
      return { kind: 'failed', error: toProxyError(thrown) }
    }
  }

  #replayed(): HttpRequest {
    return this.#body === undefined ? this.#request : { ...this.#request, body: this.#body.open() }
  }

  #settle(outcome: Outcome): HttpResponse {
    this.#body?.settle()
    if (outcome.kind === 'failed') throw outcome.error
    return outcome.response
  }

  #isWorthAnother(outcome: Outcome): boolean {
    if (this.#request.exchange.cancelled !== undefined || this.#isLate) return false
    if (this.#body?.isReplayable === false) return false
    if (outcome.kind === 'answered') {
      const { status, upgrade } = outcome.response
      // A layer in between may have put a page of its own in the place of the failure, and noted that.
      return upgrade === undefined && (this.#isUnsent(this.#request.exchange.failure) || this.#isBadStatus(status))
    }
    const { error } = outcome
    if (this.#isUnsent(error)) return true
    // What the client did wrong it has done wrong for every attempt.
    return !error.code.startsWith('client.') && this.#isBadStatus(error.facts.status)
  }

  #isUnsent(failure: ProxyError | undefined): boolean {
    return failure?.facts.retry === 'unsent' && !this.#terms.disableRetryOnNetworkError
  }

  get #isLate(): boolean {
    const { timeout: limitMs } = this.#terms
    return limitMs > 0 && performance.now() - this.#startedAt >= limitMs
  }

  #isBadStatus(status: number): boolean {
    if (this.#body?.exceedsLimit === true) return false
    return isInRanges(status, this.#statuses)
  }
}

const notWanted = new ProxyError('upstream.reset', 'another attempt is made')
