import type { DynamicConfiguration, HttpService } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { HttpServersTransport } from '../config/dynamic-http.ts'
import type { Handler } from '../http/message.ts'
import type { Log } from '../observe/log.ts'
import { traceLayer } from '../observe/trace-layer.ts'
import type { ForwardTarget, ServiceHandle, ServiceScope, SharedTransport } from '../service/define.ts'
import type { RunCheck } from '../service/health/check.ts'
import { forward } from '../upstream/forward.ts'
import type { KeptState } from './kept-state.ts'
import { missing, qualify } from './reference.ts'
import type { StatusBoard } from './status.ts'
import type { TransportSettings, TransportStore } from './transports.ts'

export interface ServicesOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  readonly transports: TransportStore
  readonly defaultTransport: TransportSettings
  /** Handlers that no configuration names servers for: `whoami@internal`. */
  readonly internal: ReadonlyMap<string, Handler>
  readonly traced: boolean
  readonly appendsForwardedFor: (entryPoint: string) => boolean
  /** Wraps a service in the middlewares named in it, as written. */
  wrap(names: readonly string[], owner: string, service: Handler): Handler
  readonly kept: KeptState
  readonly runCheck: RunCheck
  readonly log: Log
}

export type BuiltServices = ReadonlyMap<string, ServiceHandle>

/** Builds each service once, when a router first asks for it. */
export class ServiceBuilder {
  readonly transportKeys: string[] = []
  /** What the snapshot holds of `KeptState`. */
  readonly keptKeys: string[] = []
  readonly #options: ServicesOptions
  readonly #built = new Map<string, ServiceHandle>()
  readonly #failed = new Map<string, Error>()
  /** By what they were asked for with: most of many services have the same, and a store's key is made from files. */
  readonly #transports = new Map<TransportSettings, SharedTransport>()
  /** The way from the router to the service being built, to tell a cycle. */
  readonly #path: string[] = []

  constructor(options: ServicesOptions) {
    this.#options = options
  }

  get built(): BuiltServices {
    return this.#built
  }

  /** Builds those that no router asks for too, so that their mistakes are told. */
  buildUnused(): void {
    for (const name of this.#options.configuration.httpServices.keys()) {
      try {
        this.get(name, name)
      } catch {
        // The board has it.
      }
    }
  }

  /** Throws an Error with a plain message when the service is missing or can't be built. */
  get(reference: string, owner: string): Handler {
    return this.#handle(reference, owner).handler
  }

  #handle(reference: string, owner: string): ServiceHandle {
    const name = qualify(reference, owner)
    const internal = this.#options.internal.get(name)
    if (internal !== undefined) return { handler: named(name, internal), status: undefined }
    const known = this.#built.get(name)
    if (known !== undefined) return known
    const failure = this.#failed.get(name)
    if (failure !== undefined) throw failure
    const { configuration } = this.#options
    const element = configuration.httpServices.get(name)
    if (element === undefined) throw missingService(name, configuration.httpServices)
    return this.#buildGuarded(name, element)
  }

  #buildGuarded(name: string, element: Element<HttpService>): ServiceHandle {
    if (this.#path.includes(name))
      throw new Error(`recursion detected in service: ${[...this.#path, name].join(' -> ')}`)
    this.#path.push(name)
    try {
      return this.#build(name, element)
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      this.#failed.set(name, error)
      this.#options.board.disable('httpServices', element, { message: error.message })
      throw error
    } finally {
      this.#path.pop()
    }
  }

  #build(name: string, element: Element<HttpService>): ServiceHandle {
    const { definition, options, beside } = element.value
    const { handler, status } = definition.build(options, this.#scope(name, element))
    const wrapped = this.#options.wrap(beside.middlewares, name, this.#traced(name, named(name, handler)))
    const handle = { handler: wrapped, status }
    this.#built.set(name, handle)
    return handle
  }

  #scope(name: string, { fingerprint }: Element<HttpService>): ServiceScope {
    const { runCheck, log } = this.#options
    return {
      name,
      service: (reference) => this.#handle(reference, name),
      transport: (reference) => this.#transport(reference, name),
      forward: (target) => this.#forward(target),
      keep: (key, make) => this.#acquire(`service ${name} ${fingerprint} ${key}`, make),
      share: (key, make) => this.#acquire(`shared ${key}`, make),
      runCheck,
      log: log.with({ service: name }),
    }
  }

  #acquire<T extends object>(key: string, make: () => T): T {
    const state = this.#options.kept.acquire(key, make)
    this.keptKeys.push(key)
    return state
  }

  #traced(name: string, service: Handler): Handler {
    return this.#options.traced ? traceLayer('Service', { 'traefik.service.name': name }, service) : service
  }

  #forward(target: ForwardTarget): Handler {
    return forward({ ...target, appendsForwardedFor: this.#options.appendsForwardedFor })
  }

  #transport(reference: string | undefined, owner: string): SharedTransport {
    const { transports, defaultTransport } = this.#options
    const settings = reference === undefined ? defaultTransport : this.#settings(reference, owner)
    const known = this.#transports.get(settings)
    if (known !== undefined) return known
    const shared = transports.acquire(settings)
    this.#transports.set(settings, shared)
    this.transportKeys.push(shared.key)
    return shared
  }

  #settings(reference: string, owner: string): TransportSettings {
    const name = qualify(reference, owner)
    if (name === 'default@internal') return this.#options.defaultTransport
    const { configuration } = this.#options
    const found: Element<HttpServersTransport> | undefined = configuration.httpServersTransports.get(name)
    if (found === undefined) throw missing('serversTransport', name, configuration.httpServersTransports)
    return found.value
  }
}

/** Writes down which service answered; a child service's name wins, as it is set later. */
function named(name: string, service: Handler): Handler {
  return (request) => {
    request.exchange.serviceName = name
    return service(request)
  }
}

/** The program's own services that are not always there, by the static key that switches them on. */
const switchedOnBy: ReadonlyMap<string, string> = new Map([
  ['api@internal', 'api'],
  ['dashboard@internal', 'api.dashboard'],
  ['ping@internal', 'ping'],
])

function missingService(name: string, known: ReadonlyMap<string, unknown>): Error {
  const key = switchedOnBy.get(name)
  if (key === undefined) return missing('service', name, known)
  return new Error(`the service "${name}" does not exist (${key} in the static configuration switches it on)`)
}
