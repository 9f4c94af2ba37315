import {
  allowEmpty,
  boolean,
  duration,
  integer,
  invalid,
  list,
  nonEmptyText,
  object,
  optional,
  section,
  withDefault,
  type Decoder,
  type Infer,
} from '../config/schema.ts'
import { findEntry } from '../config/node.ts'
import type { Handler, HttpRequest } from '../http/message.ts'
import { balance, shuffled } from './balance.ts'
import { defineService, type ServiceScope, type SharedTransport } from './define.ts'
import { passiveHealthCheck } from './health/failure-window.ts'
import { HealthCheck } from './health/check.ts'
import { healthCheck } from './health/options.ts'
import { judged } from './health/passive.ts'
import { planCheck } from './health/plan.ts'
import { measured } from './measure.ts'
import { ServerPool, type PooledServer } from './server-pool.ts'
import { serverUrl, type ServerUrl } from './server-url.ts'
import { sticky, Stickiness } from './sticky.ts'
import { strategyName, strategyNamed } from './strategy/named.ts'

const server = object({
  url: serverUrl,
  weight: withDefault(integer(), 1),
  preservePath: withDefault(boolean, false),
})

const fields = object({
  servers: withDefault(list(server), []),
  strategy: withDefault(strategyName, 'wrr'),
  passHostHeader: withDefault(boolean, true),
  serversTransport: optional(nonEmptyText),
  responseForwarding: section(object({ flushInterval: withDefault(duration, 100) })),
  sticky: optional(sticky),
  healthCheck: optional(healthCheck),
  passiveHealthCheck: optional(allowEmpty(passiveHealthCheck)),
})

type LoadBalancerOptions = Infer<typeof fields>

/** A strategy that decides by the client needs no cookie, and Traefik sets none: said instead of kept quiet. */
const options: Decoder<LoadBalancerOptions> = {
  ...fields,
  decode(node, at) {
    const decoded = fields.decode(node, at)
    if (decoded === invalid || node.kind !== 'map') return decoded
    const entry = findEntry(node, 'sticky')?.entry
    if (entry !== undefined && decoded.sticky?.cookie !== undefined && !strategyNamed(decoded.strategy).takesCookies) {
      at.key('sticky').warning(entry.keySource, `has no effect with strategy ${decoded.strategy}`)
    }
    return decoded
  },
}

/** Spreads requests over servers. Responses are passed on as they come, so no flush interval ever holds bytes back. */
export const loadBalancer = defineService({
  name: 'loadBalancer',
  summary: 'Spreads requests over servers.',
  options,
  build(options, scope) {
    const shared = scope.transport(options.serversTransport)
    const pool = keepPool(options, scope, shared)
    const handlers = pool.servers.map((server) => serverHandler(server, { options, scope, shared }))
    const { takesCookies } = strategyNamed(options.strategy)
    const cookie = takesCookies ? options.sticky?.cookie : undefined
    const handler = balance({
      choose: (request) => chooseServer(pool, request),
      avoids: hasFailed,
      stickiness: cookie && new Stickiness(cookie, scope.name, pool.usable),
      send: (server, request) => handlers[server.index]!(request),
    })
    const isWatched = options.healthCheck !== undefined || options.passiveHealthCheck !== undefined
    return { handler, status: isWatched ? statusOf(pool) : undefined }
  },
})

function keepPool(options: LoadBalancerOptions, scope: ServiceScope, shared: SharedTransport): ServerPool {
  // Asked for in every snapshot, not only where the pool is made: that is what keeps them going.
  const watched = options.servers.map(({ url }) => keepCheck(options, url, { scope, shared }))
  const makePool = () =>
    new ServerPool({
      servers: shuffled(options.servers.map((server, at) => ({ ...server, watched: watched[at] }))),
      strategy: strategyNamed(options.strategy),
      passive: options.passiveHealthCheck,
      log: scope.log,
    })
  return scope.keep(`servers over ${shared.key}`, makePool)
}

interface Surroundings {
  readonly scope: ServiceScope
  readonly shared: SharedTransport
}

function keepCheck(options: LoadBalancerOptions, url: ServerUrl, { scope, shared }: Surroundings) {
  if (options.healthCheck === undefined) return undefined
  const plan = planCheck(options.healthCheck, url)
  const { runCheck, log } = scope
  const key = `health check ${JSON.stringify(plan)} over ${shared.key}`
  return scope.share(key, () => new HealthCheck({ key, plan, transport: shared.transport, runCheck, log }))
}

interface ServerSurroundings extends Surroundings {
  readonly options: LoadBalancerOptions
}

function serverHandler(server: PooledServer, { options, scope, shared }: ServerSurroundings): Handler {
  const forwarding = scope.forward({
    server: server.url.address,
    transport: shared.transport,
    passHostHeader: options.passHostHeader,
    basePath: server.preservePath ? server.url.path : '',
  })
  const watched = options.passiveHealthCheck === undefined ? forwarding : judged(server, forwarding)
  return strategyNamed(options.strategy).measures ? measured(server.load, watched) : watched
}

/** Another attempt at a request goes to a server that has not failed it yet, as long as there is one. */
function chooseServer(pool: ServerPool, request: HttpRequest): PooledServer | undefined {
  const { client, failedServers } = request.exchange
  const chosen = pool.choose(client.address)
  if (failedServers === undefined || chosen === undefined) return chosen
  let other: PooledServer | undefined = chosen
  for (let turn = 0; turn < pool.usable.length && other !== undefined; turn++) {
    if (!hasFailed(other, request)) return other
    other = pool.choose(client.address)
  }
  // A strategy that goes by the client gives the same one every time.
  return pool.usable.find((server) => server.isUp && !hasFailed(server, request)) ?? chosen
}

function hasFailed({ url }: PooledServer, { exchange }: HttpRequest): boolean {
  return exchange.failedServers?.has(url.address.origin) === true
}

function statusOf(pool: ServerPool) {
  return {
    get isUp() {
      return pool.hasServerUp
    },
    get servers() {
      return new Map(pool.servers.map(({ name, isUp }) => [name, isUp]))
    },
  }
}
