import { routingPath as decodeRoutingPath } from '../http/target.ts'

// Every path matcher of a look-up asks for the same path: a pure function's last answer is worth keeping.
let lastPath = ''
let lastRoutingPath = ''

/** The form of a request's path that rules are matched on, decoded once per look-up. */
export function routingPath(path: string): string {
  if (path === lastPath) return lastRoutingPath
  lastRoutingPath = decodeRoutingPath(path)
  lastPath = path
  return lastRoutingPath
}
