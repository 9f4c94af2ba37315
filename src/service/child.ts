import { allowEmpty, integer, list, nonEmptyText, object, optional, withDefault, type Infer } from '../config/schema.ts'
import type { ServiceHandle, ServiceScope, ServiceStatus } from './define.ts'
import type { Candidate } from './strategy/define.ts'

/** `healthCheck: {}` of a service of services: go by the children's health, and tell one's own. */
export const followHealth = optional(allowEmpty(object({})))

export const weightedChildren = withDefault(list(object({ name: nonEmptyText, weight: withDefault(integer(), 1) })), [])

/** A service within a service. */
export interface Child extends Candidate {
  readonly handle: ServiceHandle
}

/**
 * Those that can be chosen: who has no weight counts for nothing, not even as being up. Throws when the parent goes by
 * health and a child has none to tell.
 */
export function buildChildren(
  children: Infer<typeof weightedChildren>,
  followsHealth: boolean,
  scope: ServiceScope,
): readonly Child[] {
  const built = children.map(({ name, weight }) => {
    const handle = scope.service(name)
    const status = followsHealth ? statusOfChild(name, handle, scope) : undefined
    return {
      name,
      weight,
      handle,
      get isUp() {
        return status === undefined || status.isUp
      },
    }
  })
  return built.filter(({ weight }) => weight > 0)
}

export function statusOfChild(name: string, { status }: ServiceHandle, { name: parent }: ServiceScope): ServiceStatus {
  if (status !== undefined) return status
  throw new Error(`child service ${name} of ${parent} has no healthCheck, which ${parent} wants to go by`)
}

const noServers: ReadonlyMap<string, boolean> = new Map()

/** Up while any child is. */
export function statusOfAny(children: readonly { readonly isUp: boolean }[]): ServiceStatus {
  return {
    get isUp() {
      return children.some(({ isUp }) => isUp)
    },
    servers: noServers,
  }
}
