import { boolean, integer, list, nonEmptyText, object, withDefault } from '../config/schema.ts'
import { ProxyError, toProxyError } from '../errors.ts'
import { bytesBody, emptyBody, isEmptyBody } from '../http/body.ts'
import { discardBody } from '../http/discard-body.ts'
import { Exchange } from '../http/exchange.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { ObservedBody } from '../http/observed-body.ts'
import { upgradeProtocol } from '../http/connection-headers.ts'
import type { Log } from '../observe/log.ts'
import { followHealth, statusOfChild } from './child.ts'
import { defineService } from './define.ts'
import { CopyLedger, MirrorCopy } from './mirror-copy.ts'

const options = object({
  service: nonEmptyText,
  mirrorBody: withDefault(boolean, true),
  /** A request with a longer body is not mirrored. -1: only the budget of the service limits it. */
  maxBodySize: withDefault(integer({ min: -1 }), -1),
  mirrors: withDefault(
    list(object({ name: nonEmptyText, percent: withDefault(integer({ min: 0, max: 100 }), 0) })),
    [],
  ),
  healthCheck: followHealth,
})

const budget = { mostBytes: 64 * 1024 * 1024, mostRequests: 1000 } as const

/**
 * Sends copies of requests to other services, whose answers nobody sees. The copies go out after the answer has, one
 * mirror after the other; a mirror that is slow or dead costs copies (see `budget`) and nothing else.
 */
export const mirroring = defineService({
  name: 'mirroring',
  summary: 'Sends copies of requests to other services, whose answers nobody sees.',
  options,
  build({ service, mirrors, mirrorBody, maxBodySize, healthCheck }, scope) {
    const main = scope.service(service)
    const shares = scope.keep('mirrors', () => {
      return { ledger: new CopyLedger(budget), counts: mirrors.map(({ percent }) => new Share(percent)) }
    })
    const targets = mirrors.map(({ name }, at) => ({ handler: scope.service(name).handler, share: shares.counts[at]! }))
    const mirror = new Mirroring({
      ledger: shares.ledger,
      targets,
      mostBytes: mirrorBody ? (maxBodySize < 0 ? Infinity : maxBodySize) : 0,
      mirrorsBody: mirrorBody,
      log: scope.log,
    })
    return {
      handler: (request) => mirror.answer(request, main.handler),
      status: healthCheck && statusOfChild(service, main, scope),
    }
  },
})

/** Which of all requests a mirror gets, spread evenly: 3 of 10 are the 1st, 4th and 7th … */
class Share {
  readonly #percent: number
  #total = 0
  #taken = 0

  constructor(percent: number) {
    this.#percent = percent
  }

  takesNext(): boolean {
    this.#total++
    if (this.#taken * 100 >= this.#total * this.#percent) return false
    this.#taken++
    return true
  }
}

interface Target {
  readonly handler: Handler
  readonly share: Share
}

interface MirroringOptions {
  readonly ledger: CopyLedger
  readonly targets: readonly Target[]
  readonly mirrorsBody: boolean
  readonly mostBytes: number
  readonly log: Log
}

class Mirroring {
  readonly #options: MirroringOptions

  constructor(options: MirroringOptions) {
    this.#options = options
  }

  async answer(request: HttpRequest, main: Handler): Promise<HttpResponse> {
    // A tunnel is a conversation: there is nothing that could be said to a second listener.
    if (upgradeProtocol(request.headers) !== undefined) return main(request)
    const handlers = this.#options.targets.filter(({ share }) => share.takesNext()).map(({ handler }) => handler)
    const { ledger, mirrorsBody, mostBytes } = this.#options
    const isTooLong = mirrorsBody && (request.body.length ?? 0) > mostBytes
    if (handlers.length === 0 || isTooLong || !ledger.open()) return main(request)
    const copy = new MirrorCopy(ledger, { mostBytes, length: request.body.length })
    const isTeed = mirrorsBody && !isEmptyBody(request.body)
    if (!isTeed) copy.ended()
    try {
      const response = await main(isTeed ? { ...request, body: new ObservedBody(request.body, copy) } : request)
      return afterAnswer(response, () => void this.#mirror(request, handlers, copy))
    } catch (thrown) {
      // The main service's failure is an answer too.
      setImmediate(() => void this.#mirror(request, handlers, copy))
      throw thrown
    }
  }

  /** Never rejects. */
  async #mirror(request: HttpRequest, handlers: readonly Handler[], copy: MirrorCopy): Promise<void> {
    const { bytes } = copy
    if (bytes !== undefined && !isAbandoned(request.exchange))
      await this.#sendEach(handlers, () => detached(request, bytes))
    copy.release()
  }

  async #sendEach(handlers: readonly Handler[], makeRequest: () => HttpRequest): Promise<void> {
    for (const handler of handlers) {
      await send(handler, makeRequest()).catch((thrown) => {
        this.#options.log.debug('a mirror has failed', { reason: toProxyError(thrown).message })
      })
    }
  }
}

/** True when the client has gone without its answer; one that has had it is done with as well. */
function isAbandoned({ cancelled, outcome }: Exchange): boolean {
  return cancelled !== undefined && outcome?.kind !== 'complete'
}

/** Calls `done` once the answer has passed, or has been given up. */
function afterAnswer(response: HttpResponse, done: () => void): HttpResponse {
  if (response.body.length === 0) {
    setImmediate(done)
    return response
  }
  const observer = {
    ended: () => void setImmediate(done),
    failed: (error: ProxyError) => {
      setImmediate(done)
      return error
    },
  }
  return { ...response, body: new ObservedBody(response.body, observer) }
}

/** The same request in an exchange of its own: nobody waits for it, and no log tells of it. */
function detached(request: HttpRequest, bytes: Uint8Array): HttpRequest {
  const { entryPoint, client, canonicalHost } = request.exchange
  const exchange = new Exchange(entryPoint, client, Date.now())
  exchange.canonicalHost = canonicalHost
  exchange.accessLogged = false
  return { ...request, body: bytes.length === 0 ? emptyBody : bytesBody(bytes), exchange, span: undefined }
}

async function send(handler: Handler, request: HttpRequest): Promise<void> {
  const response = await handler(request)
  response.upgrade?.refuse()
  await discardBody(response.body, new ProxyError('proxy.unexpected', 'the answer of a mirror is of no interest'))
}
