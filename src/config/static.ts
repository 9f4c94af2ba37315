import { invalid, type Infer, Place } from './decoder.ts'
import { hint } from './nearest.ts'
import { type ConfigNode, findEntry, type MapEntry, type MapNode } from './node.ts'
import { type Problem, ProblemCollector, type Source } from './problem.ts'
import {
  allowEmpty,
  boolean,
  dead,
  deprecated,
  integer,
  list,
  map,
  nonEmptyText,
  notYet,
  object,
  optional,
  removed,
  scalar,
  section,
  text,
  timeout,
  withDefault,
} from './schema.ts'
import { entryPoint } from './static-entry-point.ts'
import { accessLog, api, log, ping, tracing } from './static-observability.ts'
import { providers } from './static-provider.ts'

const seconds = 1000
const off = withDefault(boolean, false)
const noEffect = dead(boolean)

const global = object({ checkNewVersion: noEffect, sendAnonymousUsage: noEffect, notAppendXForwardedFor: noEffect })

const serversTransport = object({
  insecureSkipVerify: off,
  /** Paths, or PEM texts themselves. */
  rootCAs: withDefault(list(nonEmptyText), []),
  maxIdleConnsPerHost: withDefault(integer({ min: -1 }), 200),
  forwardingTimeouts: section(
    object({
      dialTimeout: withDefault(timeout, 30 * seconds),
      responseHeaderTimeout: withDefault(timeout, 0),
      idleConnTimeout: withDefault(timeout, 90 * seconds),
    }),
  ),
  spiffe: notYet(),
})

const tcpServersTransport = object({
  dialTimeout: withDefault(timeout, 30 * seconds),
  dialKeepAlive: withDefault(timeout, 15 * seconds),
  terminationDelay: withDefault(timeout, 0),
  tls: notYet(),
})

const experimental = object({
  fastProxy: optional(allowEmpty(object({ debug: off }))),
  plugins: notYet(),
  localPlugins: notYet(),
  abortOnPluginFailure: notYet(boolean),
  otlpLogs: notYet(boolean),
  knative: notYet(boolean),
  http3: noEffect,
  kubernetesGateway: noEffect,
  kubernetesIngressNGINX: noEffect,
  hub: removed('leave it out'),
})

const hostResolver = object({
  cnameFlattening: off,
  resolvConfig: withDefault(nonEmptyText, '/etc/resolv.conf'),
  resolvDepth: withDefault(integer({ min: 0 }), 5),
})

const ruleSyntax = scalar('"v3"', (written) => {
  if (written === 'v3') return { ok: true, value: written }
  const message = written === 'v2' ? 'rule syntax v2 is not supported yet' : `is no rule syntax: "${written}"`
  return { ok: false, message }
})

const mostWorkers = 1024

const workers = scalar<number | 'auto'>(`"auto" or a whole number from 1 to ${mostWorkers}`, (written) => {
  if (written === 'auto') return { ok: true, value: written }
  const count = /^\d+$/.test(written) ? Number(written) : 0
  if (count >= 1 && count <= mostWorkers) return { ok: true, value: count }
  return { ok: false, message: `is no number of processes: ${JSON.stringify(written)}` }
})

/** Every key of Traefik's static configuration, with Traefik's defaults (TRAEFIK-BEHAVIOUR §1.3–§1.9). */
export const staticSchema = object({
  global: optional(global),
  entryPoints: withDefault(map(entryPoint), new Map()),
  providers: section(providers),
  serversTransport: section(serversTransport),
  tcpServersTransport: section(tcpServersTransport),
  log: section(log),
  /** Undefined: no access log. */
  accessLog: optional(accessLog),
  /** Undefined: no tracing. */
  tracing: optional(tracing),
  /** Undefined: no API. */
  api: optional(api),
  /** Undefined: no ping. */
  ping: optional(ping),
  experimental: section(experimental),
  core: optional(object({ defaultRuleSyntax: deprecated(optional(ruleSyntax), 'v3 is the only syntax') })),
  metrics: notYet(),
  hostResolver: notYet(hostResolver),
  certificatesResolvers: notYet(),
  spiffe: notYet(object({ workloadAPIAddr: optional(text) })),
  ocsp: notYet(object({ responderOverrides: optional(map(text)) })),
  /** Processes that share the entry points. */
  workers: withDefault(workers, 1),
  pilot: removed('leave it out'),
})

export type EntryPointConfiguration = Infer<typeof entryPoint>
export type StaticConfiguration = Infer<typeof staticSchema>

export interface DecodedStatic {
  /** Undefined when there is any error. */
  readonly configuration: StaticConfiguration | undefined
  readonly problems: readonly Problem[]
}

export interface StaticOptions {
  /** The file provider reads this very file, so that dynamic sections belong in it (and the provider checks them). */
  readonly isReadByFileProvider?: boolean
}

export function decodeStatic(node: ConfigNode, options: StaticOptions = {}): DecodedStatic {
  const problems = new ProblemCollector()
  const at = new Place(problems)
  if (node.kind !== 'map') {
    at.error(node.source, 'is not a configuration (expected a map with keys such as entryPoints and providers)')
    return { configuration: undefined, problems: problems.sorted() }
  }
  const own = withoutDynamicSections(node, at, options)
  const decoded = staticSchema.decodeMap(own, at)
  if (decoded === invalid) return { configuration: undefined, problems: problems.sorted() }

  const configuration = withImplicitEntryPoints(decoded, at, node.source)
  checkEntryPoints(configuration, own, at)
  checkPing(configuration, own, at)
  return { configuration: problems.hasErrors ? undefined : configuration, problems: problems.sorted() }
}

const dynamicSections = ['http', 'tcp', 'udp', 'tls'] as const

function withoutDynamicSections(node: MapNode, at: Place, { isReadByFileProvider = false }: StaticOptions): MapNode {
  const entries = new Map<string, MapEntry>()
  for (const [key, entry] of node.entries) {
    const isDynamic = dynamicSections.some((name) => name === key.toLowerCase())
    if (!isDynamic) entries.set(key, entry)
    const isAllowed = isReadByFileProvider && entry.keySource.kind === 'file'
    if (isDynamic && !isAllowed) {
      const advice = 'move it to a file of its own and name that in providers.file.filename'
      at.key(key).error(entry.keySource, `is dynamic configuration, in a static file it has no effect (${advice})`)
    }
  }
  return { ...node, entries }
}

/** Traefik listens on port 80 when no entry point is configured, and on 8080 for its own routers (§1.4). */
function withImplicitEntryPoints(decoded: StaticConfiguration, at: Place, source: Source): StaticConfiguration {
  const { api, ping } = decoded
  const entryPoints = new Map(decoded.entryPoints)
  const open = (name: string, address: string) => {
    const node: MapEntry = { keySource: source, node: { kind: 'scalar', text: address, value: address, source } }
    const implicit = entryPoint.decodeMap({ kind: 'map', entries: new Map([['address', node]]), source }, at)
    if (implicit !== invalid) entryPoints.set(name, implicit)
  }
  if (entryPoints.size === 0) open('http', ':80')
  const isPinged = ping !== undefined && !ping.manualRouting && ping.entryPoint === internalEntryPoint
  const isNeeded = api?.insecure === true || isPinged
  if (isNeeded && !entryPoints.has(internalEntryPoint)) open(internalEntryPoint, ':8080')
  return { ...decoded, entryPoints }
}

/** Where the routers that Traefik makes for itself are served. */
export const internalEntryPoint = 'traefik'

function checkPing({ entryPoints, ping }: StaticConfiguration, node: MapNode, at: Place): void {
  if (ping === undefined || ping.manualRouting || entryPoints.has(ping.entryPoint)) return
  const known = [...new Set([...entryPoints.keys(), internalEntryPoint])]
  const message = `no entry point "${ping.entryPoint}" (expected ${known.join(', ')}${hint(ping.entryPoint, known)})`
  at.key('ping')
    .key('entryPoint')
    .error(sourceAt(node, ['ping', 'entryPoint']), message)
}

/** What can only be seen with all entry points side by side. */
function checkEntryPoints({ entryPoints }: StaticConfiguration, node: MapNode, at: Place): void {
  const nameByAddress = new Map<string, string>()
  for (const [name, { address, http }] of entryPoints) {
    const place = at.key('entryPoints').key(name)
    const text = `${address.host}:${address.port}`
    const holder = nameByAddress.get(text)
    if (holder !== undefined && address.port !== 0 && !isWritten(node, name)) {
      const message = `api or ping needs it, but its address :8080 is that of entry point "${holder}" (give it one)`
      place.error(sourceAt(node, ['entryPoints']), message)
    } else if (holder !== undefined && address.port !== 0) {
      const source = sourceAt(node, ['entryPoints', name, 'address'])
      place.key('address').error(source, `is the address of entry point "${holder}" too (expected one of its own)`)
    }
    nameByAddress.set(text, name)

    const to = http.redirections?.entryPoint?.to
    if (to === undefined || to.startsWith(':') || entryPoints.has(to)) continue
    const path = ['http', 'redirections', 'entryPoint', 'to']
    const known = [...entryPoints.keys()]
    const toPlace = path.reduce((outer, step) => outer.key(step), place)
    const message = `no entry point "${to}" (expected ${known.join(', ')} or :port${hint(to, known)})`
    toPlace.error(sourceAt(node, ['entryPoints', name, ...path]), message)
  }
}

function isWritten(node: MapNode, entryPointName: string): boolean {
  const written = findEntry(node, 'entryPoints')?.entry.node
  return written?.kind === 'map' && written.entries.has(entryPointName)
}

function sourceAt(node: ConfigNode, path: readonly string[]): Source {
  const [key, ...rest] = path
  if (key === undefined || node.kind !== 'map') return node.source
  const found = findEntry(node, key)
  return found === undefined ? node.source : sourceAt(found.entry.node, rest)
}
