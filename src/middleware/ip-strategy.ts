import { ipRange } from '../config/address.ts'
import { allowEmpty, integer, list, object, optional, withDefault, type Infer } from '../config/schema.ts'
import { headerValue } from '../http/headers.ts'
import { formatIp } from '../http/format-ip.ts'
import { maskIp, parseIp } from '../http/ip-range.ts'
import { ipRangeList } from '../http/ip-range-list.ts'
import type { HttpRequest } from '../http/message.ts'

/** `ipStrategy`: which address counts as the client's. */
export const ipStrategy = allowEmpty(
  object({
    /** Above 0: so many-th from the right in X-Forwarded-For, and `excludedIPs` is ignored. Else it is ignored itself. */
    depth: withDefault(integer(), 0),
    /** Else, when not empty: the first from the right in X-Forwarded-For that is none of these. */
    excludedIPs: withDefault(list(ipRange), []),
    /** Bits of an IPv6 address that count: a household has many addresses, in one network. */
    ipv6Subnet: optional(integer({ min: 1, max: 128 })),
  }),
)

export type IpStrategy = Infer<typeof ipStrategy>

/**
 * Tells the address by which a request is judged. '' when X-Forwarded-For has no such entry, and whatever text stands
 * there when it is no address. Only entries that earlier hops wrote are there to be counted: the peer itself is not
 * among them (see http/forwarded.ts).
 */
export function addressBy(strategy: IpStrategy | undefined): (request: HttpRequest) => string {
  const { depth = 0, excludedIPs = [], ipv6Subnet } = strategy ?? {}
  if (depth > 0) return networkOf((request) => forwardedFor(request).at(-depth) ?? '', ipv6Subnet)
  if (excludedIPs.length === 0) return networkOf((request) => request.exchange.client.address, ipv6Subnet)
  const isExcluded = ipRangeList(excludedIPs)
  // Traefik does not apply `ipv6Subnet` here.
  return (request) => forwardedFor(request).findLast((address) => address !== '' && !isExcluded(address)) ?? ''
}

function forwardedFor(request: HttpRequest): string[] {
  const listed = headerValue(request.headers, 'x-forwarded-for') ?? ''
  return listed.split(',').map((entry) => entry.trim())
}

function networkOf(address: (request: HttpRequest) => string, bits: number | undefined) {
  if (bits === undefined) return address
  return (request: HttpRequest) => ipv6Network(address(request), bits)
}

/** The address with all but the first `bits` cleared, as text; what is no IPv6 address stays as it is. */
function ipv6Network(text: string, bits: number): string {
  const address = parseIp(text)
  if (address === undefined || address.family === 4) return text
  return formatIp(maskIp(address, bits))
}
