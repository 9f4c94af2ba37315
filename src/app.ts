import { hostname } from 'node:os'
import { formatProblem, type Problem } from './config/problem.ts'
import { decodeDynamicSteps } from './config/dynamic.ts'
import type { EntryPointConfiguration, StaticConfiguration } from './config/static.ts'
import { internalServices } from './admin/internal-services.ts'
import type { View } from './admin/view.ts'
import { sluiceVersion } from './version.ts'
import { ipRangeList } from './http/ip-range-list.ts'
import type { ClientFacts } from './http/exchange.ts'
import type { Handler } from './http/message.ts'
import type { HeadLimits } from './http1/head.ts'
import { Http1Session } from './http1/server.ts'
import { Http2Session } from './http2/server.ts'
import { Http3Listener } from './http3/listener.ts'
import { EntryPoint, type EntryPointOptions, type Session } from './listen/entry-point.ts'
import { listenHostname, listenProblem, listenText } from './listen/listen-address.ts'
import { matchHttp2Preface } from './listen/preface.ts'
import { haveSameCertificates, judgeQuic, quicIdentities } from './listen/quic.ts'
import type { Connection } from './net/connection.ts'
import { createAccessLog, type AccessLog } from './observe/access-log.ts'
import { createExchangeStream, type ExchangeStream } from './observe/exchange-stream.ts'
import type { Log } from './observe/log.ts'
import { createTracing, type Tracing } from './observe/tracing.ts'
import type { Provider } from './provider/define.ts'
import type { MergedConfiguration } from './provider/merge.ts'
import { configuredProviders } from './provider/configured.ts'
import { probeRegularly, type RunCheck } from './service/health/check.ts'
import { buildSnapshot, type EntryPointSnapshot, type Snapshot } from './snapshot/build.ts'
import { internalProvider } from './snapshot/internal-provider.ts'
import { KeptState } from './snapshot/kept-state.ts'
import { TransportStore } from './snapshot/transports.ts'
import { watchProviders, type Watch } from './snapshot/watch.ts'

export interface AppOptions {
  readonly configuration: StaticConfiguration
  /** Path of the file that it came from, if any. */
  readonly staticFile: string | undefined
  /** For templates in dynamic files. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Everything to the built-in whoami: the embedded default. */
  readonly servesWhoami: boolean
  readonly log: Log
  /** Given to one of several processes that serve the same configuration. */
  readonly supervision?: Supervision
}

/** What a process leaves to the one that watches over it. */
export interface Supervision {
  /** They stand for the providers that the configuration names, and what is wrong in their documents is known. */
  readonly providers: readonly Provider[]
  /** Told of each new snapshot instead of the log, in which every process would write the same. */
  tellProblems(problems: readonly Problem[]): void
  /** Servers are probed once for all processes. */
  readonly runCheck: RunCheck
}

/** Where an entry point listens: `web`, `127.0.0.1:8080`. */
export interface BoundEntryPoint {
  readonly name: string
  readonly address: string
}

/** Protocols that can be spoken after a TLS handshake. */
const servedProtocols = ['h2', 'http/1.1']

/** Traefik's slack above maxHeaderBytes; a target of its own limit keeps 414 and 431 apart. */
const headSlackBytes = 4096
const maxTargetBytes = 64 * 1024
const maxFields = 1000
/** At finding a port that is free. */
const mostAttempts = 5

/**
 * The composition root: a connection comes in at an EntryPoint, is identified there, and its requests go through the
 * chain of the current snapshot. A new configuration is a new snapshot; the swap is one assignment (`#swap`).
 * Nothing here is process-wide, so two apps can live side by side.
 */
export class App {
  readonly #options: AppOptions
  readonly #log: Log
  readonly #exchanges: ExchangeStream
  readonly #accessLog: AccessLog | undefined
  readonly #tracing: Tracing | undefined
  readonly #transports: TransportStore
  readonly #kept = new KeptState()
  readonly #internal: ReadonlyMap<string, Handler>
  readonly #entryPoints: EntryPoint[] = []
  /** By the entry point's name. */
  readonly #http3 = new Map<string, Http3Listener>()
  readonly #boundPort = (name: string) => this.#entryPoints.find((entryPoint) => entryPoint.name === name)?.port
  readonly #internalProvider: Provider
  #watch: Watch | undefined
  #applied: (() => void) | undefined
  #snapshot: Snapshot | undefined
  /** Undefined without an API: nobody else needs it. */
  #view: View | undefined
  #isTerminating = false

  /** Throws an Error with a plain message when a log file can't be opened. */
  constructor(options: AppOptions) {
    const { configuration, log } = options
    this.#options = options
    this.#log = log
    this.#exchanges = createExchangeStream(log)
    this.#accessLog = configuration.accessLog && createAccessLog(configuration.accessLog, log)
    if (this.#accessLog !== undefined) this.#exchanges.subscribe(this.#accessLog.record)
    this.#tracing =
      configuration.tracing &&
      createTracing(configuration.tracing, { log, exchanges: this.#exchanges, version: sluiceVersion })
    const limits: HeadLimits = { maxHeadBytes: 1024 * 1024, maxTargetBytes, maxFields }
    this.#transports = new TransportStore({ fastProxy: configuration.experimental.fastProxy !== undefined, limits })
    this.#internalProvider = internalProvider({
      static: configuration,
      servesWhoami: options.servesWhoami,
      boundPort: this.#boundPort,
    })
    this.#internal = internalServices({
      static: configuration,
      view: () => this.#view,
      isTerminating: () => this.#isTerminating,
    })
  }

  /** Every finished exchange, as it ends. */
  get exchanges(): ExchangeStream {
    return this.#exchanges
  }

  /** Connections of clients that are open now. */
  get connectionCount(): number {
    const owners = [...this.#entryPoints, ...this.#http3.values()]
    return owners.reduce((sum, { connectionCount }) => sum + connectionCount, 0)
  }

  /**
   * Resolves when every entry point listens, which is after the first configuration has been built. Rejects when an
   * address can't be had; then nothing is left open.
   */
  async start(): Promise<readonly BoundEntryPoint[]> {
    this.#watch = watchProviders({
      providers: this.#providers(),
      throttleMs: this.#options.configuration.providers.providersThrottleDuration,
      apply: (merged) => this.#apply(merged).finally(() => this.#applied?.()),
      tellsProblems: this.#options.supervision === undefined,
      log: this.#log,
    })
    await this.#watch.ready
    try {
      for (const [name, configuration] of this.#options.configuration.entryPoints) {
        this.#entryPoints.push(await this.#openPorts(name, configuration))
      }
      await this.#tellBoundPorts()
    } catch (thrown) {
      await this.close()
      throw thrown
    }
    return this.#entryPoints.map(({ name, address }) => ({ name, address }))
  }

  /** Reads the dynamic configuration again (SIGHUP). */
  reload(): void {
    this.#watch?.reload()
  }

  /** Goes on in new log files (SIGUSR1). */
  async reopenLogs(): Promise<void> {
    await this.#accessLog?.reopen()
  }

  /** Lets `ping` say that this process is about to end. */
  terminate(): void {
    this.#isTerminating = true
  }

  /** Stops accepting, lets requests finish within each entry point's `graceTimeOut`, and closes everything. */
  async close(): Promise<void> {
    await Promise.all(this.#entryPoints.map((entryPoint) => this.#drain(entryPoint)))
    await this.#watch?.close()
    await this.#snapshot?.retire()
    await Promise.all([this.#tracing?.shutdown(), this.#accessLog?.close()])
  }

  /** A redirection to an entry point of port 0 knows where that is only now. */
  async #tellBoundPorts(): Promise<void> {
    const { entryPoints } = this.#options.configuration
    const isUnknown = [...entryPoints.values()].some(({ http }) => {
      const target = entryPoints.get(http.redirections?.entryPoint?.to ?? '')
      return target?.address.port === 0
    })
    if (!isUnknown) return
    await new Promise<void>((resolve) => {
      this.#applied = resolve
      this.#internalProvider.reload()
    })
  }

  async #drain(entryPoint: EntryPoint): Promise<void> {
    const { lifeCycle } = this.#options.configuration.entryPoints.get(entryPoint.name)!.transport
    const { requestAcceptGraceTimeout, graceTimeOut } = lifeCycle
    if (requestAcceptGraceTimeout > 0) await Bun.sleep(requestAcceptGraceTimeout)
    await Promise.all([entryPoint.drain(graceTimeOut), this.#http3.get(entryPoint.name)?.drain(graceTimeOut)])
  }

  #providers(): readonly Provider[] {
    const { configuration, environment, staticFile, supervision } = this.#options
    const scope = { decode: decodeDynamicSteps, log: this.#log, environment, staticFile }
    const configured = supervision?.providers ?? configuredProviders(configuration.providers, scope)
    return [...configured, this.#internalProvider]
  }

  async #apply(merged: MergedConfiguration): Promise<void> {
    const { supervision } = this.#options
    const snapshot = await buildSnapshot({
      static: this.#options.configuration,
      dynamic: merged.configuration,
      transports: this.#transports,
      kept: this.#kept,
      internal: this.#internal,
      tracing: this.#tracing,
      hostname: hostname(),
      alpn: servedProtocols,
      log: this.#log,
      runCheck: supervision?.runCheck ?? probeRegularly,
      previous: this.#snapshot,
      boundPort: this.#boundPort,
    })
    if (supervision === undefined) this.#logNewProblems(snapshot)
    else supervision.tellProblems(snapshot.problems)
    const retired = this.#swap(snapshot)
    if (this.#options.configuration.api !== undefined) this.#view = this.#viewOf(snapshot, merged)
    await retired
  }

  #viewOf(snapshot: Snapshot, { configuration, failed, problems }: MergedConfiguration): View {
    const internalServices = [...this.#internal.keys()]
    return {
      static: this.#options.configuration,
      dynamic: configuration,
      failed,
      problems,
      snapshot,
      internalServices,
    }
  }

  /** What was wrong before and still is has been logged already. */
  #logNewProblems({ problems }: Snapshot): void {
    const known = new Set(this.#snapshot?.problems.map(formatProblem))
    for (const problem of problems) {
      const text = formatProblem(problem)
      if (!known.has(text)) this.#log[problem.severity === 'error' ? 'error' : 'warn'](text)
    }
  }

  /** Swaps at once; resolves when the one before has given back what it held. */
  async #swap(snapshot: Snapshot): Promise<void> {
    const previous = this.#snapshot
    this.#snapshot = snapshot
    if (previous === undefined) return
    if (!haveSameCertificates(previous.tls.store, snapshot.tls.store)) {
      for (const listener of this.#http3.values()) listener.certificatesChanged()
    }
    await previous.retire()
  }

  #current(entryPoint: string): EntryPointSnapshot {
    const found = this.#snapshot?.entryPoints.get(entryPoint)
    if (found === undefined) throw new Error(`no snapshot of entry point ${entryPoint}`)
    return found
  }

  #open(name: string, configuration: EntryPointConfiguration): EntryPoint {
    const { address, reusePort, proxyProtocol, transport } = configuration
    const entryPoint: EntryPoint = openEntryPoint({
      name,
      hostname: listenHostname(address),
      port: address.port,
      reusePort,
      proxyProtocol: proxyProtocol && { believes: believer(proxyProtocol) },
      readTimeoutMs: transport.respondingTimeouts.readTimeout,
      log: this.#log.with({ entryPoint: name }),
      routes: () => this.#current(name).connections,
      serveHttp: this.#http(name, configuration, () => entryPoint.isDraining),
    })
    this.#log.info('entry point listens', { entryPoint: name, address: entryPoint.address })
    return entryPoint
  }

  /** A port that is free over TCP may be taken over UDP; port 0 asks for one that is free for both. */
  async #openPorts(name: string, configuration: EntryPointConfiguration, attempt = 1): Promise<EntryPoint> {
    const entryPoint = this.#open(name, configuration)
    try {
      if (configuration.http3 !== undefined) await this.#openHttp3(entryPoint, configuration)
      return entryPoint
    } catch (thrown) {
      await entryPoint.drain(0)
      if (configuration.address.port !== 0 || attempt === mostAttempts) throw thrown
      return this.#openPorts(name, configuration, attempt + 1)
    }
  }

  /** The same port over UDP. */
  async #openHttp3(entryPoint: EntryPoint, configuration: EntryPointConfiguration): Promise<void> {
    const { name, port } = entryPoint
    const place = { hostname: listenHostname(configuration.address), port }
    const listener = new Http3Listener({
      ...place,
      server: this.#serverOptions(name, configuration, () => entryPoint.isDraining).overTls,
      identities: () => quicIdentities(this.#snapshot!.tls.store),
      judge: (serverName) => judgeQuic(this.#current(name).connections.chooseHttps(serverName), serverName),
    })
    this.#http3.set(name, listener)
    const opened = () =>
      this.#log.info('entry point listens for HTTP/3, which is experimental', {
        entryPoint: name,
        address: listenText(place),
      })
    if (this.#options.supervision !== undefined) return listener.openWhenFree(opened)
    try {
      await listener.open()
    } catch (thrown) {
      throw new Error(`${listenProblem(name, place, thrown)} (UDP, for HTTP/3)`, { cause: thrown })
    }
    opened()
  }

  #serverOptions(name: string, { http, http2, transport }: EntryPointConfiguration, isDraining: () => boolean) {
    const { readTimeout, writeTimeout, idleTimeout } = transport.respondingTimeouts
    const shared = {
      entryPoint: name,
      limits: { maxHeadBytes: http.maxHeaderBytes + headSlackBytes, maxTargetBytes, maxFields },
      readTimeoutMs: readTimeout,
      writeTimeoutMs: writeTimeout,
      idleTimeoutMs: idleTimeout,
      keepAliveMaxRequests: transport.keepAliveMaxRequests,
      keepAliveMaxTimeMs: transport.keepAliveMaxTime,
      isDraining,
      finished: this.#exchanges.publish,
      ...http2,
      log: this.#log.with({ entryPoint: name }),
    }
    return {
      plain: { ...shared, handler: () => this.#current(name).plain },
      overTls: { ...shared, handler: () => this.#current(name).overTls },
    }
  }

  #http(name: string, configuration: EntryPointConfiguration, isDraining: () => boolean) {
    const { plain, overTls } = this.#serverOptions(name, configuration, isDraining)
    return (connection: Connection, client: ClientFacts, early: Buffer): Session => {
      const options = client.tls === undefined ? plain : overTls
      const session = speaksHttp2(client, early)
        ? new Http2Session(connection, client, options)
        : new Http1Session(connection, client, options)
      session.start(early)
      return session
    }
  }
}

/** Throws an Error that names the entry point and the address. */
function openEntryPoint(options: EntryPointOptions): EntryPoint {
  try {
    return new EntryPoint(options)
  } catch (thrown) {
    throw new Error(listenProblem(options.name, options, thrown), { cause: thrown })
  }
}

/** Over TLS both sides have agreed by ALPN; without it the client says so by its first bytes (RFC 9113 §3.3). */
function speaksHttp2({ tls }: ClientFacts, early: Buffer): boolean {
  return tls === undefined ? matchHttp2Preface(early) === 'yes' : tls.alpn === 'h2'
}

/** Whether a peer's PROXY header is believed. */
function believer(options: NonNullable<EntryPointConfiguration['proxyProtocol']>): (address: string) => boolean {
  const trusted = ipRangeList(options.trustedIPs)
  return (address) => options.insecure || trusted(address)
}
