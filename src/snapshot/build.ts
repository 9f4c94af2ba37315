import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Problem } from '../config/problem.ts'
import { internalEntryPoint, type EntryPointConfiguration, type StaticConfiguration } from '../config/static.ts'
import { inSlices, type Steps } from '../config/steps.ts'
import { altSvc } from '../http/alt-svc.ts'
import type { Handler, Middleware } from '../http/message.ts'
import type { ConnectionRoutes, HttpsTarget, TcpTarget } from '../listen/connection-routes.ts'
import type { Log } from '../observe/log.ts'
import type { Tracing } from '../observe/tracing.ts'
import type { RunCheck } from '../service/health/check.ts'
import { buildTcpTableSteps, chooseRoute, chooseUnread, type EntryPointRoutes } from '../route/tcp-router.ts'
import { entryPointChain } from './entry-point-chain.ts'
import { answerUnmatched, buildHttpRouters, routeRequests, type BuiltRouter } from './http-routers.ts'
import { httpsNames } from './https-names.ts'
import type { KeptState } from './kept-state.ts'
import { MiddlewareBuilder, type ToldState } from './middlewares.ts'
import { ServiceBuilder, type BuiltServices } from './services.ts'
import { StatusBoard } from './status.ts'
import { buildTcpRoutes, type TcpRoutes } from './tcp-routers.ts'
import { buildTls, type SnapshotTls } from './tls.ts'
import type { TransportSettings, TransportStore } from './transports.ts'

/** One configuration, running: immutable, swapped as a whole. Requests in flight keep the one they began with. */
export interface Snapshot {
  readonly entryPoints: ReadonlyMap<string, EntryPointSnapshot>
  /** What was found wrong while building, with the place. */
  readonly problems: readonly Problem[]
  readonly board: StatusBoard
  readonly services: BuiltServices
  readonly tls: SnapshotTls
  readonly toldStates: readonly ToldState[]
  /** Gives back what the snapshot holds; what the next one uses too stays open. Requests in flight finish. */
  retire(): Promise<void>
}

export interface EntryPointSnapshot {
  readonly connections: ConnectionRoutes
  readonly plain: Handler
  readonly overTls: Handler
}

export interface SnapshotOptions {
  readonly static: StaticConfiguration
  readonly dynamic: DynamicConfiguration
  readonly transports: TransportStore
  /** State of middlewares that goes on from snapshot to snapshot. */
  readonly kept: KeptState
  /** Handlers that no configuration names servers for: `whoami@internal`. */
  readonly internal: ReadonlyMap<string, Handler>
  readonly tracing: Tracing | undefined
  readonly hostname: string
  /** Protocols that can be spoken after a TLS handshake. */
  readonly alpn: readonly string[]
  readonly log: Log
  /** How servers are probed; see service/health/check.ts. */
  readonly runCheck: RunCheck
  readonly previous: Snapshot | undefined
  /** Undefined while the entry point does not listen. */
  boundPort(entryPoint: string): number | undefined
  /** What no router uses is built as well, so that its mistakes are told. */
  readonly buildsUnused?: boolean
}

/** Never rejects for a faulty element: that one is reported and left out, everything else runs. */
export async function buildSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  const board = new StatusBoard()
  const tls = await buildTls({
    configuration: options.dynamic,
    board,
    alpn: options.alpn,
    previous: options.previous?.tls,
  })
  return inSlices(assemble(options, { board, tls }))
}

interface Groundwork {
  readonly board: StatusBoard
  readonly tls: SnapshotTls
}

function* assemble(options: SnapshotOptions, { board, tls }: Groundwork): Steps<Snapshot> {
  const { builder, middlewares, service, wrap } = serviceBuilder(options, board)
  const tracesInternals = options.static.tracing?.addInternals === true
  const routers = yield* buildHttpRouters({ ...routing(options, board), service, wrap, tracesInternals })
  if (options.buildsUnused === true) {
    builder.buildUnused()
    middlewares.buildUnused()
  }
  const tcp = yield* buildTcpRoutes({
    ...routing(options, board),
    entryPoints: [...options.static.entryPoints.keys()],
    defaultTransport: implicitTcpTransport(options.static),
    tls,
    log: options.log,
  })
  const entryPoints = new Map<string, EntryPointSnapshot>()
  for (const name of options.static.entryPoints.keys()) {
    const parts = { routers: routers.get(name) ?? [], tcp: tcp.get(name)!, tls, board }
    entryPoints.set(name, yield* buildEntryPoint(name, parts, options))
  }
  const transportKeys = [...builder.transportKeys, ...middlewares.transportKeys]
  const retire = releaseOf({ transportKeys, keptKeys: [...builder.keptKeys, ...middlewares.keptKeys] }, options)
  const { toldStates } = middlewares
  return { entryPoints, problems: board.problems, board, services: builder.built, tls, toldStates, retire }
}

interface HeldKeys {
  readonly transportKeys: readonly string[]
  readonly keptKeys: readonly string[]
}

/** Apart, so that a snapshot does not hold what it was built from: the one before, and so all that have ever been. */
function releaseOf({ transportKeys, keptKeys }: HeldKeys, { transports, kept }: SnapshotOptions): () => Promise<void> {
  return () => inSlices(release())
  function* release(): Steps<void> {
    for (const key of transportKeys) {
      transports.release(key)
      yield
    }
    for (const key of keptKeys) {
      kept.release(key)
      yield
    }
  }
}

function serviceBuilder(options: SnapshotOptions, board: StatusBoard) {
  const configuration = options.dynamic
  const traced = options.tracing !== undefined
  const { entryPoints, serversTransport } = options.static
  const defaultTransport = implicitTransport(serversTransport)
  const middlewares = new MiddlewareBuilder({
    configuration,
    board,
    traced,
    log: options.log,
    transports: options.transports,
    defaultTransport,
    kept: options.kept,
    service: (name, owner) => builder.get(name, owner),
  })
  const wrap = (names: readonly string[], owner: string, last: Handler) => middlewares.wrap(names, owner, last)
  const keepsForwardedFor = new Set(
    [...entryPoints]
      .filter(([, { forwardedHeaders }]) => forwardedHeaders.notAppendXForwardedFor)
      .map(([name]) => name),
  )
  const builder: ServiceBuilder = new ServiceBuilder({
    configuration,
    board,
    transports: options.transports,
    defaultTransport,
    internal: options.internal,
    traced,
    appendsForwardedFor: (entryPoint) => !keepsForwardedFor.has(entryPoint),
    wrap,
    kept: options.kept,
    runCheck: options.runCheck,
    log: options.log,
  })
  // Not in `buildSnapshot`: a closure that is made in an async function holds that function's arguments.
  const service = (name: string, owner: string): Handler => builder.get(name, owner)
  return { builder, middlewares, service, wrap }
}

function routing(options: SnapshotOptions, board: StatusBoard) {
  const { entryPoints, providers } = options.static
  return {
    configuration: options.dynamic,
    board,
    entryPoints,
    defaultEntryPoints: defaultEntryPoints(options.static),
    precedence: providers.precedence,
    tracing: options.tracing,
  }
}

/** Traefik: those marked `asDefault`, else all; never the one that is called `traefik`. */
export function defaultEntryPoints({ entryPoints }: StaticConfiguration): readonly string[] {
  const marked = [...entryPoints].filter(([, { asDefault }]) => asDefault)
  const chosen = marked.length > 0 ? marked : [...entryPoints]
  return chosen
    .map(([name]) => name)
    .filter((name) => name !== internalEntryPoint)
    .sort()
}

interface EntryPointParts {
  readonly routers: readonly BuiltRouter[]
  readonly tcp: TcpRoutes
  readonly tls: SnapshotTls
  readonly board: StatusBoard
}

function* buildEntryPoint(name: string, parts: EntryPointParts, options: SnapshotOptions): Steps<EntryPointSnapshot> {
  const { tracing, hostname, log } = options
  const configuration = options.static.entryPoints.get(name)!
  const chain = entryPointChain({ name, configuration, hostname, log })
  const unmatched = tracing === undefined ? answerUnmatched : traceUnmatched(tracing, configuration)
  const https = yield* httpsNames(parts.routers, parts.tls, parts.board)
  const tcpTls = yield* buildTcpTableSteps(parts.tcp.tcpTls)
  const tcp = yield* buildTcpTableSteps(parts.tcp.tcp)
  const routes = { https: https.table, tcpTls, tcp }
  const plain = parts.routers.filter(({ tls }) => tls === undefined)
  const advertise = advertiseHttp3(configuration, { tls: parts.tls, boundPort: () => options.boundPort(name) })
  return {
    connections: connectionRoutes(routes, { terms: parts.tls.terms('default') }),
    plain: chain(yield* routeRequests(plain, unmatched)),
    overTls: advertise(chain(yield* routeRequests(https.routers, unmatched))),
  }
}

/** Apart, like `releaseOf`: a closure made in a generator holds all that the generator was given. */
function connectionRoutes(
  routes: EntryPointRoutes<HttpsTarget, TcpTarget>,
  httpsDefault: HttpsTarget,
): ConnectionRoutes {
  return {
    chooseUnread: (clientAddress) => chooseUnread(routes, clientAddress),
    choose: (opening, facts) => chooseRoute(routes, opening, facts),
    chooseHttps: (serverName) => routes.https.find({ serverName, alpn: [], clientAddress: '' })?.target ?? httpsDefault,
    httpsDefault,
  }
}

/** Names whose TLS options QUIC can't keep are left out: a client that believed the field would be turned away. */
function advertiseHttp3(
  { http3 }: EntryPointConfiguration,
  { tls, boundPort }: { readonly tls: SnapshotTls; boundPort(): number | undefined },
): Middleware {
  if (http3 === undefined) return (next) => next
  const port = http3.advertisedPort === 0 ? boundPort : () => http3.advertisedPort
  return altSvc({ port, isFor: ({ optionsName }) => tls.terms(optionsName)?.servesQuic === true })
}

function traceUnmatched(tracing: Tracing, { observability }: EntryPointConfiguration): Handler {
  if (!observability.tracing) return answerUnmatched
  return tracing.traceServer({ verbosity: observability.traceVerbosity }, answerUnmatched)
}

function implicitTransport(serversTransport: StaticConfiguration['serversTransport']): TransportSettings {
  return {
    ...serversTransport,
    // The implicit transport has neither key; these are the values of one that leaves them out.
    forwardingTimeouts: { ...serversTransport.forwardingTimeouts, readIdleTimeout: 0, pingTimeout: 15_000 },
    serverName: undefined,
    certificates: [],
    minVersion: undefined,
    maxVersion: undefined,
    cipherSuites: undefined,
    peerCertURI: undefined,
    peerCertSANs: [],
    disableHTTP2: false,
  }
}

/** Traefik's implicit transport cuts the reply after a client's half-close; Sluice waits for it. */
function implicitTcpTransport({ tcpServersTransport }: StaticConfiguration) {
  const { terminationDelay } = tcpServersTransport
  return { ...tcpServersTransport, terminationDelay: terminationDelay === 0 ? -1 : terminationDelay }
}
