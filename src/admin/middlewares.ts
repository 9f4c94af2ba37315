import type { HttpMiddleware, TcpMiddleware } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { Steps } from '../config/steps.ts'
import type { ToldState } from '../snapshot/middlewares.ts'
import { providerOf } from '../snapshot/reference.ts'
import { elementItems } from './element-items.ts'
import { statusFields, type Item } from './item.ts'
import { kindFields } from './kind-fields.ts'
import { httpRouterItems, tcpRouterItems } from './routers.ts'
import type { Standing } from './standing.ts'
import { usageBy, usedByFields } from './usage.ts'
import type { View } from './view.ts'

export function* httpMiddlewareItems(view: View): Steps<Item[]> {
  const { middlewares: users } = yield* usageBy(yield* httpRouterItems(view))
  const states = Map.groupBy(view.snapshot.toldStates, ({ middleware }) => middleware)
  const elements = view.dynamic.httpMiddlewares
  return yield* elementItems({ view, section: 'httpMiddlewares', elements }, (element, standing) => [
    middlewareItem(element, { standing, users: users.get(element.name), states: states.get(element.name) ?? [] }),
  ])
}

export function* tcpMiddlewareItems(view: View): Steps<Item[]> {
  const { middlewares: users } = yield* usageBy(yield* tcpRouterItems(view))
  const elements = view.dynamic.tcpMiddlewares
  return yield* elementItems({ view, section: 'tcpMiddlewares', elements }, (element, standing) => [
    middlewareItem(element, { standing, users: users.get(element.name), states: [] }),
  ])
}

interface Surroundings {
  readonly standing: Standing
  readonly users: readonly string[] | undefined
  readonly states: readonly ToldState[]
}

function middlewareItem(
  element: Element<HttpMiddleware | TcpMiddleware>,
  { standing, users, states }: Surroundings,
): Item {
  const { name, value } = element
  return {
    name,
    provider: providerOf(name),
    status: standing.status,
    type: value.definition.name.toLowerCase(),
    describe: () => ({
      ...kindFields(element),
      ...statusFields(standing),
      ...usedByFields(users),
      ...stateFields(states),
    }),
  }
}

/** Each router has its own, as in Traefik, which tells of none. */
function stateFields(states: readonly ToldState[]): object {
  if (states.length === 0) return {}
  return { state: states.map(({ owner, told }) => ({ usedBy: owner, ...told.describeState() })) }
}
