import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { HttpRouter } from '../config/dynamic-http.ts'
import type { TcpRouter } from '../config/dynamic-tcp.ts'
import type { EntryPointConfiguration } from '../config/static.ts'
import type { Steps } from '../config/steps.ts'
import { ProxyError } from '../errors.ts'
import type { Handler } from '../http/message.ts'
import { notFound, plainReply, reply } from '../http/reply.ts'
import { denyEncodedCharacters } from '../http/target.ts'
import type { Tracing } from '../observe/tracing.ts'
import { traceLayer } from '../observe/trace-layer.ts'
import { buildRouteTableSteps, type Route } from '../route/router.ts'
import { ruleDomains, type HttpRule } from '../route/rule.ts'
import { recursionGuard } from './recursion-guard.ts'
import { providerOf, qualify } from './reference.ts'
import { unknownEntryPoint } from './unknown-entry-point.ts'
import type { Fault, StatusBoard } from './status.ts'

export interface HttpRoutersOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  readonly entryPoints: ReadonlyMap<string, EntryPointConfiguration>
  /** Names of the entry points for routers that name none. */
  readonly defaultEntryPoints: readonly string[]
  /** Providers, best first: the order among equal priorities. */
  readonly precedence: readonly string[]
  readonly tracing: Tracing | undefined
  /** Requests to `@internal` services are traced too. */
  readonly tracesInternals: boolean
  service(name: string, owner: string): Handler
  wrap(names: readonly string[], owner: string, last: Handler): Handler
}

/** A router as it serves one entry point. */
export interface BuiltRouter {
  readonly name: string
  readonly rule: HttpRule
  readonly priority: bigint
  readonly providerRank: number
  /** False: the access log leaves its requests out. */
  readonly isAccessLogged: boolean
  /** For handshakes under these TLS options; undefined for plain requests. */
  handler(tlsOptions: string | undefined): Handler
  readonly element: Element<HttpRouter>
  /** Present: for requests over TLS only, under these options. */
  readonly tls: { readonly optionsName: string; readonly domains: readonly string[] } | undefined
}

/** The routers of each entry point; those that fail are reported and left out, the others stay. */
export function* buildHttpRouters(options: HttpRoutersOptions): Steps<ReadonlyMap<string, readonly BuiltRouter[]>> {
  const byEntryPoint = new Map([...options.entryPoints.keys()].map((name) => [name, [] as BuiltRouter[]]))
  for (const element of options.configuration.httpRouters.values()) {
    for (const [entryPoint, router] of buildRouter(element, options)) byEntryPoint.get(entryPoint)?.push(router)
    yield
  }
  return byEntryPoint
}

function buildRouter(element: Element<HttpRouter>, options: HttpRoutersOptions): [string, BuiltRouter][] {
  const entryPoints = knownEntryPoints(element, options)
  const built: [string, BuiltRouter][] = []
  let shared: BuiltRouter | undefined
  for (const entryPoint of entryPoints) {
    const configuration = options.entryPoints.get(entryPoint)!
    const isOwn = hasModel(configuration)
    try {
      const name = nameAt(entryPoint, { router: element.name, isOwn, isOnly: entryPoints.length === 1 })
      // Entry points that add nothing share one instance, and so its middlewares' state.
      const router = isOwn
        ? buildFor(element, { name, configuration }, options)
        : (shared ??= buildFor(element, { name, configuration }, options))
      built.push([entryPoint, router])
    } catch (thrown) {
      const faults = faultyReferences(element, configuration, options)
      const message = messageOf(thrown)
      const isAmongThem = faults.some((fault) => fault.message === message)
      for (const fault of isAmongThem ? faults : [{ message }]) options.board.disable('httpRouters', element, fault)
      return []
    }
  }
  return built
}

interface Copy {
  readonly router: string
  /** The entry point has settings for its routers, so that it has a router of its own. */
  readonly isOwn: boolean
  readonly isOnly: boolean
}

/** What a router is called at an entry point (Traefik §6.3). */
export function nameAt(entryPoint: string, { router, isOwn, isOnly }: Copy): string {
  return isOwn && !isOnly ? `${entryPoint}-${router}` : router
}

/** Building ends at the first fault; here all that the router names are tried, so that all are told at once. */
function faultyReferences(
  { name: owner, value }: Element<HttpRouter>,
  { http }: EntryPointConfiguration,
  { service, wrap }: HttpRoutersOptions,
): readonly Fault[] {
  const faults: Fault[] = []
  const attempt = (keys: Fault['keys'], build: () => void) => {
    try {
      build()
    } catch (thrown) {
      faults.push({ message: messageOf(thrown), keys: keys ?? [] })
    }
  }
  attempt(['service'], () => service(value.service, owner))
  for (const [at, name] of value.middlewares.entries())
    attempt(['middlewares', at], () => wrap([name], owner, answerUnmatched))
  for (const name of http.middlewares) attempt([], () => wrap([name], owner, answerUnmatched))
  return faults
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** An entry point with settings for its routers (Traefik's model). */
export function hasModel({ http, observability }: EntryPointConfiguration): boolean {
  const { accessLogs, metrics, tracing, traceVerbosity } = observability
  const isObserved = accessLogs && metrics && tracing && traceVerbosity === 'minimal'
  return http.middlewares.length > 0 || http.tls !== undefined || http.encodedCharacters !== undefined || !isObserved
}

function knownEntryPoints(element: Element<HttpRouter>, options: HttpRoutersOptions): readonly string[] {
  const { board, entryPoints, defaultEntryPoints } = options
  const written = element.value.entryPoints
  if (written === undefined) return defaultEntryPoints
  const known: string[] = []
  for (const [at, name] of written.entries()) {
    if (entryPoints.has(name)) known.push(name)
    else
      board.warn('httpRouters', element, {
        message: unknownEntryPoint(name, [...entryPoints.keys()]),
        keys: ['entryPoints', at],
      })
  }
  if (known.length === 0) {
    board.disable('httpRouters', element, { message: 'no valid entryPoint for this router', keys: ['entryPoints'] })
  }
  return [...new Set(known)]
}

interface Placing {
  readonly name: string
  readonly configuration: EntryPointConfiguration
}

function buildFor(
  element: Element<HttpRouter>,
  { name, configuration }: Placing,
  options: HttpRoutersOptions,
): BuiltRouter {
  const { value } = element
  const service = options.service(value.service, element.name)
  const middlewares = [...configuration.http.middlewares, ...value.middlewares]
  // The state that middlewares keep is this router's, not that of the element's copies at other entry points.
  const chain = options.wrap(middlewares, name, service)
  const tls = value.tls ?? configuration.http.tls
  const optionsName = tlsOptionsName(tls?.options, element.name)
  const observed = { name, value, configuration, tracing: serverTracing(value, configuration, options) }
  const rank = options.precedence.indexOf(providerOf(element.name))
  return {
    name,
    rule: value.rule,
    priority: effectivePriority(value),
    providerRank: rank < 0 ? options.precedence.length : rank,
    isAccessLogged: value.observability.accessLogs ?? configuration.observability.accessLogs,
    handler: (tlsOptions) => {
      const handler = traced(guard(chain, { tlsOptions, configuration }), observed)
      return element.hasDefaultRule === true ? recursionGuard(element.name)(handler) : handler
    },
    element,
    tls: tls === undefined ? undefined : { optionsName, domains: ruleDomains(value.rule) },
  }
}

/** Longer rules go first where none is given. */
export function effectivePriority({ priority, rule }: Pick<HttpRouter | TcpRouter, 'priority' | 'rule'>): bigint {
  return priority === 0n ? rule.defaultPriority : priority
}

/** `default` stays as it is; other names belong to the router's provider. */
export function tlsOptionsName(reference: string | undefined, owner: string): string {
  return reference === undefined || reference === 'default' ? 'default' : qualify(reference, owner)
}

interface Guards {
  readonly tlsOptions: string | undefined
  readonly configuration: EntryPointConfiguration
}

/** What a router refuses before its middlewares see it: encoded characters, and a TLS handshake under other options. */
function guard(next: Handler, { tlsOptions, configuration }: Guards): Handler {
  const { encodedCharacters } = configuration.http
  const denies = encodedCharacters === undefined ? undefined : denyEncodedCharacters(encodedCharacters)
  if (tlsOptions === undefined && denies === undefined) return next
  return (request) => {
    if (denies?.(request.path) === true) {
      request.exchange.failure = new ProxyError('client.malformed', 'an encoded character that this entry point denies')
      return Promise.resolve(reply(400, ''))
    }
    const tls = request.exchange.client.tls
    if (tlsOptions === undefined || tls === undefined || tls.optionsName === tlsOptions) return next(request)
    // Domain fronting: the handshake's name must not unlock a host with other TLS options (Traefik's SNI check).
    return Promise.resolve(plainReply(421, 'Misdirected Request'))
  }
}

function serverTracing(
  { observability, service }: HttpRouter,
  configuration: EntryPointConfiguration,
  { tracing, tracesInternals }: HttpRoutersOptions,
): Tracing | undefined {
  const isTraced = observability.tracing ?? configuration.observability.tracing
  return isTraced && (tracesInternals || !service.endsWith('@internal')) ? tracing : undefined
}

interface Observed {
  readonly name: string
  readonly value: HttpRouter
  readonly configuration: EntryPointConfiguration
  readonly tracing: Tracing | undefined
}

function traced(next: Handler, { name, value, configuration, tracing }: Observed): Handler {
  if (tracing === undefined) return next
  const attributes = {
    'traefik.router.name': name,
    'traefik.service.name': value.service,
    'http.route': value.rule.text,
  }
  const verbosity = value.observability.traceVerbosity ?? configuration.observability.traceVerbosity
  return tracing.traceServer({ verbosity }, traceLayer('Router', attributes, next))
}

/**
 * What is done for a router that was found. One small object, since a function for each of 10,000 routers would lie in
 * three places of memory, none of them in the processor's cache.
 */
interface RouterTarget {
  readonly name: string
  readonly isAccessLogged: boolean
  readonly handler: Handler
}

/** The Handler that finds the router of each request; `unmatched` answers the others. */
export function* routeRequests(routers: readonly BuiltRouter[], unmatched: Handler): Steps<Handler> {
  const routes: Route<RouterTarget>[] = []
  for (const { name, rule, priority, providerRank, isAccessLogged, handler, tls } of routers) {
    const target = { name, isAccessLogged, handler: handler(tls?.optionsName) }
    routes.push({ name, rule, priority, providerRank, target })
    yield
  }
  const table = yield* buildRouteTableSteps(routes)
  return (request) => {
    const target = table.find(request)
    if (target === undefined) return unmatched(request)
    const { exchange } = request
    exchange.routerName = target.name
    if (!target.isAccessLogged) exchange.accessLogged = false
    return target.handler(request)
  }
}

/** The answer where no router matches. */
export const answerUnmatched: Handler = (request) => {
  // RFC 9110 §9.3.7: `OPTIONS *` is about the server as a whole, so no router need know it.
  return Promise.resolve(request.path === '*' ? reply(200, '') : notFound())
}
