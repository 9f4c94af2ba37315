import { object, optional } from '../config/schema.ts'
import { balance, shuffled } from './balance.ts'
import { buildChildren, followHealth, statusOfAny, weightedChildren } from './child.ts'
import { defineService } from './define.ts'
import { sticky, Stickiness } from './sticky.ts'
import { EarliestDeadline } from './strategy/earliest-deadline.ts'

/** Spreads requests over services by their weights. */
export const weighted = defineService({
  name: 'weighted',
  summary: 'Spreads requests over services by their weights.',
  options: object({ services: weightedChildren, sticky: optional(sticky), healthCheck: followHealth }),
  build({ services, sticky: stickiness, healthCheck }, scope) {
    const children = shuffled(buildChildren(services, healthCheck !== undefined, scope))
    const turns = new EarliestDeadline(children)
    const cookie = stickiness?.cookie
    const handler = balance({
      choose: () => turns.next(),
      stickiness: cookie && new Stickiness(cookie, scope.name, children),
      send: (child, request) => child.handle.handler(request),
    })
    return { handler, status: healthCheck && statusOfAny(children) }
  },
})
