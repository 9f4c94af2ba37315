import type { HttpRequest } from '../http/message.ts'
import { atOnce, type Steps } from '../config/steps.ts'
import { buildHostTableSteps, type Route as HostRoute } from './host-table.ts'

/** A router's rule with what it leads to. */
export type Route<T> = HostRoute<HttpRequest, T>

export interface RouteTable<T> {
  readonly size: number
  /** Target of the first route that matches: highest priority, then provider rank, then name. */
  find(request: HttpRequest): T | undefined
}

/** The cost of a look-up grows with the routes of one host and those without a host, not with the number of hosts. */
export function buildRouteTable<T>(routes: readonly Route<T>[]): RouteTable<T> {
  return atOnce(buildRouteTableSteps(routes))
}

export function* buildRouteTableSteps<T>(routes: readonly Route<T>[]): Steps<RouteTable<T>> {
  const table = yield* buildHostTableSteps(routes)
  return {
    size: table.size,
    find: (request) => table.find(request.exchange.canonicalHost, request),
  }
}
