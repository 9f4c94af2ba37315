import { ipRange } from '../config/address.ts'
import { integer, list, object, optional, refine, withDefault } from '../config/schema.ts'
import { canonicalHost } from '../http/authority.ts'
import { ipRangeList } from '../http/ip-range-list.ts'
import type { Middleware } from '../http/message.ts'
import { statusReply } from '../http/reply.ts'
import { statusText } from '../http/status-text.ts'
import { defineMiddleware } from './define.ts'
import { addressBy, ipStrategy, type IpStrategy } from './ip-strategy.ts'

/** The keys that the list has under its old name too. */
export const allowListFields = {
  sourceRange: refine(list(ipRange), (ranges) =>
    ranges.length === 0 ? 'is empty, which allows nobody (expected at least one IP address or CIDR range)' : undefined,
  ),
  ipStrategy: optional(ipStrategy),
}

const options = object({
  ...allowListFields,
  rejectStatusCode: withDefault(
    refine(integer(), (status) =>
      statusText(status) === '' ? `is not an HTTP status code: ${status} (such as 403 or 404)` : undefined,
    ),
    403,
  ),
})

export const ipAllowList = defineMiddleware({
  name: 'ipAllowList',
  summary: 'Lets only requests from certain addresses pass.',
  options,
  build: allowOnly,
})

export interface AllowListOptions {
  readonly sourceRange: readonly string[]
  readonly ipStrategy: IpStrategy | undefined
  readonly rejectStatusCode: number
}

/** Lets pass who is in the ranges. Whose address can't be told is not in them. */
export function allowOnly({ sourceRange, ipStrategy: strategy, rejectStatusCode }: AllowListOptions): Middleware {
  const isAllowed = ipRangeList(sourceRange)
  const addressOf = addressBy(strategy)
  return (next) => (request) => {
    if (isAllowed(bareAddress(addressOf(request)))) return next(request)
    return Promise.resolve(statusReply(rejectStatusCode))
  }
}

/** Some hops write a port or a zone into X-Forwarded-For: `[fe80::1%eth0]:443` → `fe80::1`. */
function bareAddress(text: string): string {
  const address = canonicalHost(text)
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}
