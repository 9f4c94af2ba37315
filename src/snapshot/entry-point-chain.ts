import type { EntryPointConfiguration } from '../config/static.ts'
import { cleanTarget } from '../http/clean-target.ts'
import { forwardedHeaders } from '../http/forwarded.ts'
import { grpcErrors } from '../http/grpc.ts'
import { ipRangeList } from '../http/ip-range-list.ts'
import type { Handler, Middleware } from '../http/message.ts'
import { recovery } from '../http/recovery.ts'
import { requestDecorator } from '../http/request-decorator.ts'
import { underscoreHeaders } from '../http/underscore-headers.ts'
import type { Log } from '../observe/log.ts'
import { recordRequest } from '../observe/record-request.ts'

export interface EntryPointChainOptions {
  readonly name: string
  readonly configuration: EntryPointConfiguration
  readonly hostname: string
  readonly log: Log
}

/** What every request of an entry point passes before its router is looked for, in Traefik's order. */
export function entryPointChain(options: EntryPointChainOptions): Middleware {
  const { http, forwardedHeaders: trust } = options.configuration
  const trusted = ipRangeList(trust.trustedIPs)
  const layers: Middleware[] = [
    ...(http.underscoreHeadersStrategy === 'keep' ? [] : [underscoreHeaders(http.underscoreHeadersStrategy)]),
    cleanTarget(http),
    forwardedHeaders({ ...trust, trusted, hostname: options.hostname }),
    recordRequest,
    requestDecorator,
    grpcErrors,
    recovery(options.log.with({ entryPoint: options.name })),
  ]
  return (router) => layers.reduceRight<Handler>((next, layer) => layer(next), router)
}
