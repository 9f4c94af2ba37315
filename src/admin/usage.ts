import type { Steps } from '../config/steps.ts'
import { qualify } from '../snapshot/reference.ts'
import type { Item } from './item.ts'

/** Which routers name a service, or a middleware, by the qualified name of that. */
export interface Usage {
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly middlewares: ReadonlyMap<string, readonly string[]>
}

export function* usageBy(routers: readonly Item[]): Steps<Usage> {
  const services = new Map<string, string[]>()
  const middlewares = new Map<string, string[]>()
  for (const { name, provider, service, middlewares: used = [] } of routers) {
    if (service !== undefined) add(services, qualify(service, `@${provider}`), name)
    for (const middleware of new Set(used)) add(middlewares, middleware, name)
    yield
  }
  return { services, middlewares }
}

function add(users: Map<string, string[]>, name: string, router: string): void {
  const known = users.get(name)
  if (known === undefined) users.set(name, [router])
  else known.push(router)
}

export function usedByFields(users: readonly string[] | undefined): object {
  return users === undefined ? {} : { usedBy: users.toSorted() }
}
