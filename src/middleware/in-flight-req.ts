import type { ProxyError } from '../errors.ts'
import { integer, object, optional, withDefault } from '../config/schema.ts'
import type { Handler, HttpRequest, HttpResponse, Upgrade } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import { reply } from '../http/reply.ts'
import { defineMiddleware } from './define.ts'
import { buildSource, sourceCriterion } from './source-criterion.ts'

const options = object({
  /** How many requests of one source may be in flight; 0, Traefik's default, lets none pass. */
  amount: withDefault(integer({ min: 0 }), 0),
  /** By host unless told otherwise. */
  sourceCriterion: optional(sourceCriterion),
})

/** Limits how many requests of one source are in flight at a time. Counted in this process, for one router. */
export const inFlightReq = defineMiddleware({
  name: 'inFlightReq',
  summary: 'Limits how many requests of one source are answered at the same time.',
  options,
  build: ({ amount, sourceCriterion: criterion }, scope) => {
    const sourceOf = buildSource(criterion, 'host')
    const places = scope.keep('places', () => new Places(amount))
    return (next) => (request) => {
      const place = places.take(sourceOf(request))
      if (place === undefined) return Promise.resolve(reply(429, `max connections reached: ${amount}`))
      return occupy(place, request, next)
    }
  },
})

/** How many requests are in flight, by source. A source with none takes no memory. */
class Places {
  readonly #amount: number
  readonly #taken = new Map<string, number>()

  constructor(amount: number) {
    this.#amount = amount
  }

  take(source: string): Place | undefined {
    const taken = this.#taken.get(source) ?? 0
    if (taken >= this.#amount) return undefined
    this.#taken.set(source, taken + 1)
    return new Place(() => this.#free(source))
  }

  #free(source: string): void {
    const taken = this.#taken.get(source)! - 1
    if (taken === 0) this.#taken.delete(source)
    else this.#taken.set(source, taken)
  }
}

/** One request's place, freed once, however its response ends. */
class Place implements BodyObserver {
  #free: (() => void) | undefined

  constructor(free: () => void) {
    this.#free = free
  }

  ended(): void {
    const free = this.#free
    this.#free = undefined
    free?.()
  }

  failed(error: ProxyError): ProxyError {
    this.ended()
    return error
  }
}

async function occupy(place: Place, request: HttpRequest, next: Handler): Promise<HttpResponse> {
  try {
    const response = await next(request)
    if (response.upgrade !== undefined) return { ...response, upgrade: heldUpgrade(response.upgrade, place) }
    if (response.body.length !== 0) return { ...response, body: new ObservedBody(response.body, place) }
    place.ended()
    return response
  } catch (thrown) {
    place.ended()
    throw thrown
  }
}

/** A tunnel is in flight as long as it lasts. */
function heldUpgrade(upgrade: Upgrade, place: Place): Upgrade {
  return {
    start: (client, early) => upgrade.start(client, early).finally(() => place.ended()),
    refuse: () => {
      place.ended()
      upgrade.refuse()
    },
  }
}
