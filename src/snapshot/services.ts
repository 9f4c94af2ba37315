import type { DynamicConfiguration, HttpService } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { HttpServersTransport } from '../config/dynamic-http.ts'
import type { Handler } from '../http/message.ts'
import { traceLayer } from '../observe/trace-layer.ts'
import type { ForwardTarget, ServiceScope } from '../service/define.ts'
import { forward } from '../upstream/forward.ts'
import type { Transport } from '../upstream/transport.ts'
import { qualify } from './reference.ts'
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
  /** Services of the snapshot before, to go on with what has not changed. */
  readonly previous: BuiltServices | undefined
}

interface BuiltService {
  /** Of everything that the handler was made from. */
  readonly fingerprint: string
  readonly handler: Handler
}

export type BuiltServices = ReadonlyMap<string, BuiltService>

/** Builds each service once, when a router first asks for it. */
export class ServiceBuilder {
  readonly transportKeys: string[] = []
  readonly #options: ServicesOptions
  readonly #built = new Map<string, BuiltService>()
  readonly #failed = new Map<string, Error>()
  /** The way from the router to the service being built, to tell a cycle. */
  readonly #path: string[] = []

  constructor(options: ServicesOptions) {
    this.#options = options
  }

  get built(): BuiltServices {
    return this.#built
  }

  /** Throws an Error with a plain message when the service is missing or can't be built. */
  get(reference: string, owner: string): Handler {
    const name = qualify(reference, owner)
    const internal = this.#options.internal.get(name)
    if (internal !== undefined) return named(name, internal)
    const known = this.#built.get(name)
    if (known !== undefined) return known.handler
    const failure = this.#failed.get(name)
    if (failure !== undefined) throw failure
    const element = this.#options.configuration.httpServices.get(name)
    if (element === undefined) throw new Error(`the service "${name}" does not exist`)
    return this.#buildGuarded(name, element)
  }

  #buildGuarded(name: string, element: Element<HttpService>): Handler {
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

  #build(name: string, element: Element<HttpService>): Handler {
    const { definition, options, beside } = element.value
    const used: string[] = [element.fingerprint]
    const scope: ServiceScope = {
      name,
      service: (reference) => {
        used.push('')
        return this.get(reference, name)
      },
      transport: (reference) => this.#transport(reference, name, used),
      forward: (target) => this.#forward(target),
    }
    const service = definition.build(options, scope)
    // A service that rests on others or on middlewares is made anew each time; its parts keep their own state.
    const fingerprint = used.includes('') || beside.middlewares.length > 0 ? '' : used.join('\n')
    const before = this.#options.previous?.get(name)
    if (before !== undefined && fingerprint !== '' && before.fingerprint === fingerprint) {
      this.#built.set(name, before)
      return before.handler
    }
    const wrapped = this.#options.wrap(beside.middlewares, name, this.#traced(name, named(name, service)))
    this.#built.set(name, { fingerprint, handler: wrapped })
    return wrapped
  }

  #traced(name: string, service: Handler): Handler {
    return this.#options.traced ? traceLayer('Service', { 'traefik.service.name': name }, service) : service
  }

  #forward(target: ForwardTarget): Handler {
    return forward({ ...target, appendsForwardedFor: this.#options.appendsForwardedFor })
  }

  #transport(reference: string | undefined, owner: string, used: string[]): Transport {
    const { transports, defaultTransport } = this.#options
    const settings = reference === undefined ? defaultTransport : this.#settings(reference, owner)
    const { transport, key } = transports.acquire(settings)
    this.transportKeys.push(key)
    used.push(key)
    return transport
  }

  #settings(reference: string, owner: string): TransportSettings {
    const name = qualify(reference, owner)
    if (name === 'default@internal') return this.#options.defaultTransport
    const found: Element<HttpServersTransport> | undefined = this.#options.configuration.httpServersTransports.get(name)
    if (found === undefined) throw new Error(`the serversTransport "${name}" does not exist`)
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
