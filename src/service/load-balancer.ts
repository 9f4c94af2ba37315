import {
  boolean,
  duration,
  integer,
  list,
  nonEmptyText,
  notYet,
  object,
  oneOf,
  optional,
  refine,
  scalar,
  section,
  withDefault,
  type Parsed,
} from '../config/schema.ts'
import { noAvailableServer } from '../http/reply.ts'
import type { Handler } from '../http/message.ts'
import type { ServerAddress } from '../upstream/transport.ts'
import { defineService } from './define.ts'
import { EarliestDeadline } from './earliest-deadline.ts'

/** A server's URL, taken apart once. */
interface ServerUrl {
  readonly address: ServerAddress
  /** '' or '/' mean none. Used with `preservePath` only. */
  readonly path: string
}

const server = object({
  url: scalar<ServerUrl>('a URL such as http://10.0.0.1:8080', parseServerUrl),
  weight: withDefault(integer(), 1),
  preservePath: withDefault(boolean, false),
})

const strategies = ['wrr', 'p2c', 'hrw', 'leasttime'] as const

const options = object({
  servers: withDefault(list(server), []),
  strategy: withDefault(
    refine(oneOf(...strategies), (name) =>
      name === 'wrr' ? undefined : `${name} is not supported yet (expected wrr)`,
    ),
    'wrr',
  ),
  passHostHeader: withDefault(boolean, true),
  serversTransport: optional(nonEmptyText),
  responseForwarding: section(object({ flushInterval: withDefault(duration, 100) })),
  sticky: notYet(),
  healthCheck: notYet(),
  passiveHealthCheck: notYet(),
})

/** Spreads requests over servers. Responses are passed on as they come, so no flush interval ever holds bytes back. */
export const loadBalancer = defineService({
  name: 'loadBalancer',
  options,
  build({ servers, passHostHeader, serversTransport }, scope) {
    const transport = scope.transport(serversTransport)
    const targets = servers.map(({ url, weight, preservePath }) => {
      const basePath = preservePath ? url.path : ''
      return { target: scope.forward({ server: url.address, transport, passHostHeader, basePath }), weight }
    })
    const turns = new EarliestDeadline<Handler>(shuffled(targets))
    return (request) => {
      const chosen = turns.next()
      return chosen === undefined ? Promise.resolve(noAvailableServer()) : chosen(request)
    }
  },
})

/** Many proxies with one configuration must not all begin with the same server. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    const item = mixed[at]!
    mixed[at] = mixed[other]!
    mixed[other] = item
  }
  return mixed
}

function parseServerUrl(written: string): Parsed<ServerUrl> {
  const scheme = /^([a-z0-9+.-]+):/i.exec(written)?.[1]?.toLowerCase()
  if (scheme === 'h2c') return { ok: false, message: 'h2c servers are not supported yet' }
  if (scheme === 'unix') return { ok: false, message: 'unix sockets are not supported yet' }
  if (scheme !== 'http' && scheme !== 'https')
    return { ok: false, message: `is not a server's URL: ${JSON.stringify(written)}` }
  if (!URL.canParse(written)) return { ok: false, message: `is not a URL: ${JSON.stringify(written)}` }
  const url = new URL(written)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  const address = { scheme, host, port, authority: url.host, origin: `${scheme}://${url.host}` } as const
  return { ok: true, value: { address, path: url.pathname === '/' ? '' : url.pathname } }
}
