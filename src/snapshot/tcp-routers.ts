import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { Steps } from '../config/steps.ts'
import type { TcpRouter, TcpServersTransport } from '../config/dynamic-tcp.ts'
import type { TcpTarget } from '../listen/connection-routes.ts'
import type { Log } from '../observe/log.ts'
import { ruleDomains, type TcpRoute } from '../route/tcp-router.ts'
import { tcpLoadBalancer, type TcpHandler } from '../service/tcp-load-balancer.ts'
import { effectivePriority, tlsOptionsName } from './http-routers.ts'
import { missing, providerOf, qualify } from './reference.ts'
import { unknownEntryPoint } from './unknown-entry-point.ts'
import type { StatusBoard } from './status.ts'
import type { SnapshotTls } from './tls.ts'

export interface TcpRoutersOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  readonly entryPoints: readonly string[]
  readonly defaultEntryPoints: readonly string[]
  readonly precedence: readonly string[]
  readonly defaultTransport: TcpTransport
  readonly tls: SnapshotTls
  readonly log: Log
}

export type TcpTransport = Pick<TcpServersTransport, 'dialTimeout' | 'dialKeepAlive' | 'terminationDelay'>

export interface TcpRoutes {
  readonly tcp: TcpRoute<TcpTarget>[]
  readonly tcpTls: TcpRoute<TcpTarget>[]
}

/** The TCP routes of each entry point; those that fail are reported and left out. */
export function* buildTcpRoutes(options: TcpRoutersOptions): Steps<ReadonlyMap<string, TcpRoutes>> {
  const routes = new Map(options.entryPoints.map((name): [string, TcpRoutes] => [name, { tcp: [], tcpTls: [] }]))
  const services = new Map<string, TcpHandler>()
  for (const element of options.configuration.tcpRouters.values()) {
    try {
      const route = buildRoute(element, services, options)
      for (const name of knownEntryPoints(element, options)) {
        const lists = routes.get(name)!
        if (element.value.tls === undefined) lists.tcp.push(route)
        else lists.tcpTls.push(route)
      }
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      options.board.disable('tcpRouters', element, { message, keys: faultyKeys(message) })
    }
    yield
  }
  return routes
}

function faultyKeys(message: string): readonly string[] {
  if (message.startsWith('the service ')) return ['service']
  if (message.startsWith('the middleware ')) return ['middlewares']
  return message.includes('HostSNI') ? ['rule'] : []
}

function buildRoute(
  element: Element<TcpRouter>,
  services: Map<string, TcpHandler>,
  options: TcpRoutersOptions,
): TcpRoute<TcpTarget> {
  const { rule, service, tls } = element.value
  const names = ruleDomains(rule).filter((domain) => domain !== '*')
  if (tls === undefined && names.length > 0) throw new Error('has HostSNI matcher, but no TLS on router')
  refuseMiddlewares(element, options.configuration)
  const connect = serviceOf(qualify(service, element.name), services, options)
  const rank = options.precedence.indexOf(providerOf(element.name))
  return {
    name: element.name,
    rule,
    priority: effectivePriority(element.value),
    providerRank: rank < 0 ? options.precedence.length : rank,
    target: { name: element.name, tls: tlsOf(element, options), connect },
  }
}

/** An allow list that is left out would let everybody in, so a router without its middlewares is none. */
function refuseMiddlewares({ name: owner, value }: Element<TcpRouter>, { tcpMiddlewares }: DynamicConfiguration): void {
  for (const reference of value.middlewares) {
    const name = qualify(reference, owner)
    if (!tcpMiddlewares.has(name)) throw missing('middleware', name, tcpMiddlewares)
  }
}

function tlsOf(element: Element<TcpRouter>, { tls, board }: TcpRoutersOptions): TcpTarget['tls'] {
  const written = element.value.tls
  if (written === undefined) return { kind: 'none' }
  if (written.passthrough) return { kind: 'passthrough' }
  const optionsName = tlsOptionsName(written.options, element.name)
  const terms = tls.tcpTerms(optionsName)
  if (terms === undefined) {
    board.disable('tcpRouters', element, { message: `unknown TLS options "${optionsName}"`, keys: ['tls', 'options'] })
  }
  return { kind: 'terminate', terms }
}

function serviceOf(name: string, services: Map<string, TcpHandler>, options: TcpRoutersOptions): TcpHandler {
  const known = services.get(name)
  if (known !== undefined) return known
  const element = options.configuration.tcpServices.get(name)
  if (element === undefined) throw missing('service', name, options.configuration.tcpServices)
  const { servers, serversTransport, terminationDelay } = element.value.options
  const transport = transportOf(serversTransport, name, options)
  const handler = tcpLoadBalancer(servers, {
    dialTimeoutMs: transport.dialTimeout,
    dialKeepAliveMs: transport.dialKeepAlive,
    terminationDelayMs: terminationDelay ?? transport.terminationDelay,
    log: options.log.with({ service: name }),
  })
  services.set(name, handler)
  return handler
}

function transportOf(reference: string | undefined, owner: string, options: TcpRoutersOptions): TcpTransport {
  if (reference === undefined) return options.defaultTransport
  const name = qualify(reference, owner)
  const found = options.configuration.tcpServersTransports.get(name)
  if (found === undefined) throw missing('serversTransport', name, options.configuration.tcpServersTransports)
  return found.value
}

function knownEntryPoints(element: Element<TcpRouter>, options: TcpRoutersOptions): readonly string[] {
  const written = element.value.entryPoints ?? options.defaultEntryPoints
  const known = written.filter((name) => options.entryPoints.includes(name))
  for (const [at, name] of written.entries()) {
    if (known.includes(name)) continue
    const keys = ['entryPoints', at]
    options.board.warn('tcpRouters', element, { message: unknownEntryPoint(name, options.entryPoints), keys })
  }
  if (known.length === 0) throw new Error('no valid entryPoint for this router')
  return [...new Set(known)]
}
