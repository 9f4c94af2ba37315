import { object } from '../config/schema.ts'
import { balance } from './balance.ts'
import { buildChildren, followHealth, statusOfAny, weightedChildren } from './child.ts'
import { defineService } from './define.ts'
import { rendezvous } from './strategy/rendezvous.ts'

/** Chooses a service by the client's address: a client stays with it, and only those of a service that is down move. */
export const highestRandomWeight = defineService({
  name: 'highestRandomWeight',
  summary: "Chooses a service by the client's address, so that a client stays with it.",
  options: object({ services: weightedChildren, healthCheck: followHealth }),
  build({ services, healthCheck }, scope) {
    const children = buildChildren(services, healthCheck !== undefined, scope)
    const handler = balance({
      choose: ({ exchange }) => rendezvous(children, exchange.client.address),
      stickiness: undefined,
      send: (child, request) => child.handle.handler(request),
    })
    return { handler, status: healthCheck && statusOfAny(children) }
  },
})
