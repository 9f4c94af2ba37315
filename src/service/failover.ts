import { integer, list, nonEmptyText, object, optional, withDefault, type Infer } from '../config/schema.ts'
import { isInRanges, statusRange } from '../config/status-range.ts'
import { ProxyError, toProxyError } from '../errors.ts'
import { bytesBody, isEmptyBody } from '../http/body.ts'
import { discardBody } from '../http/discard-body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { reply, statusReply } from '../http/reply.ts'
import { readWhole } from '../http/whole-body.ts'
import { followHealth, statusOfAny, statusOfChild } from './child.ts'
import { defineService, type ServiceHandle } from './define.ts'

const errorRules = object({
  status: list(statusRange),
  /** -1: as long as it may be. */
  maxRequestBodyBytes: withDefault(integer({ min: -1 }), -1),
})

const options = object({
  service: nonEmptyText,
  fallback: nonEmptyText,
  healthCheck: followHealth,
  errors: optional(errorRules),
})

/** Sends requests to another service while the main one is down, or when its answer has one of certain statuses. */
export const failover = defineService({
  name: 'failover',
  summary:
    'Sends requests to another service while the main one is down, or when it answers with certain status codes.',
  options,
  build({ service, fallback, healthCheck, errors }, scope) {
    const mainHandle = scope.service(service)
    const spareHandle = scope.service(fallback)
    // Without `errors` it is health alone that can say when the fallback is to take over.
    const needsHealth = errors === undefined || healthCheck !== undefined
    const main = needsHealth ? statusOfChild(service, mainHandle, scope) : mainHandle.status
    const spare = healthCheck && statusOfChild(fallback, spareHandle, scope)
    const first = errors === undefined ? mainHandle.handler : replaying(mainHandle, spareHandle, errors)
    const handler: Handler = (request) => {
      if (main?.isUp !== false) return first(request)
      return spare?.isUp === false ? answerBothDown(request) : spareHandle.handler(request)
    }
    return { handler, status: main && spare && statusOfAny([main, spare]) }
  },
})

const bothDown = new ProxyError('proxy.noServer', 'the main service and its fallback are down')

function answerBothDown(request: HttpRequest): Promise<HttpResponse> {
  request.exchange.failure = bothDown
  return Promise.resolve(statusReply(503))
}

/** Holds each request's body, so that it can be sent a second time. */
function replaying(main: ServiceHandle, spare: ServiceHandle, rules: Infer<typeof errorRules>): Handler {
  const { status, maxRequestBodyBytes } = rules
  return async (request) => {
    const held = isEmptyBody(request.body) ? new Uint8Array() : await readWhole(request.body, maxRequestBodyBytes)
    if (held === undefined) return answerTooLarge(request)
    const again = (): HttpRequest => (held.length === 0 ? request : { ...request, body: bytesBody(held) })
    const answer = await attempt(main.handler, again())
    if (!isInRanges(statusOf(answer), status) || request.exchange.cancelled !== undefined) return give(answer)
    if (!(answer instanceof ProxyError)) await drop(answer)
    // Of the main service's failure nothing is to be told once the fallback answers.
    request.exchange.forgetAttempt()
    return spare.handler(again())
  }
}

async function attempt(handler: Handler, request: HttpRequest): Promise<HttpResponse | ProxyError> {
  try {
    return await handler(request)
  } catch (thrown) {
    return toProxyError(thrown)
  }
}

function statusOf(answer: HttpResponse | ProxyError): number {
  return answer instanceof ProxyError ? answer.facts.status : answer.status
}

function give(answer: HttpResponse | ProxyError): HttpResponse {
  if (answer instanceof ProxyError) throw answer
  return answer
}

async function drop(response: HttpResponse): Promise<void> {
  response.upgrade?.refuse()
  await discardBody(response.body, new ProxyError('proxy.unexpected', 'the fallback answers instead'))
}

function answerTooLarge(request: HttpRequest): HttpResponse {
  const error = new ProxyError('client.bodyTooLarge', 'the body is larger than a failover may hold for its fallback')
  request.exchange.failure = error
  return reply(413, 'Request body too large')
}
