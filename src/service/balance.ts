import { ProxyError } from '../errors.ts'
import { withAddedHeader } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { noAvailableServer } from '../http/reply.ts'
import type { Stickiness } from './sticky.ts'
import type { Candidate } from './strategy/define.ts'

export interface Balancing<C> {
  choose(request: HttpRequest): C | undefined
  /** True when the request is not to go to this one although it is up. */
  avoids?(candidate: C, request: HttpRequest): boolean
  /** Undefined: clients are not tied. */
  readonly stickiness: Stickiness<C & Candidate> | undefined
  send(candidate: C, request: HttpRequest): Promise<HttpResponse>
}

/** Spreads requests over candidates. Without one that is up the answer is 503. */
export function balance<C extends Candidate>({ choose, avoids, stickiness, send }: Balancing<C>): Handler {
  const sendAnywhere: Handler = (request) => {
    const chosen = choose(request)
    return chosen === undefined ? answerUnavailable(request) : send(chosen, request)
  }
  if (stickiness === undefined) return sendAnywhere

  return async (request) => {
    const claim = stickiness.find(request.headers)
    const isUsable = claim?.candidate.isUp === true && avoids?.(claim.candidate, request) !== true
    const tied = isUsable ? claim.candidate : undefined
    if (tied !== undefined && claim?.isOutdated === false) return send(tied, request)
    const chosen = tied ?? choose(request)
    if (chosen === undefined) return answerUnavailable(request)
    const response = await send(chosen, request)
    return { ...response, headers: withAddedHeader(response.headers, 'Set-Cookie', stickiness.setCookie(chosen)) }
  }
}

// One for all: with every server down this is answered thousands of times a second.
const noServer = new ProxyError('proxy.noServer', 'no available server')

export function answerUnavailable(request: HttpRequest): Promise<HttpResponse> {
  request.exchange.failure = noServer
  return Promise.resolve(noAvailableServer())
}

/** Many proxies with one configuration must not all begin with the same candidate. */
export function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    const item = mixed[at]!
    mixed[at] = mixed[other]!
    mixed[other] = item
  }
  return mixed
}
