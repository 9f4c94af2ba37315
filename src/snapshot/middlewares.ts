import type { DynamicConfiguration, HttpMiddleware } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { Handler, Middleware } from '../http/message.ts'
import { composeChain, type Layer } from '../middleware/compose.ts'
import type { ClientTls } from '../middleware/client-tls.ts'
import type { MiddlewareScope } from '../middleware/define.ts'
import type { Log } from '../observe/log.ts'
import type { KeptState } from './kept-state.ts'
import type { Transport } from '../upstream/transport.ts'
import { missing, qualify } from './reference.ts'
import type { StatusBoard } from './status.ts'
import type { TransportSettings, TransportStore } from './transports.ts'

export interface MiddlewaresOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  readonly traced: boolean
  readonly log: Log
  readonly transports: TransportStore
  readonly defaultTransport: TransportSettings
  readonly kept: KeptState
  service(name: string, owner: string): Handler
}

/** State that a middleware keeps and has something to tell of, for the API. */
export interface ToldState {
  /** Qualified name of the middleware. */
  readonly middleware: string
  /** The router, or the service, that has this instance of it. */
  readonly owner: string
  readonly told: Describable
}

export interface Describable {
  describeState(): object
}

/** Builds middlewares. Each router gets its own instances, with state of their own, as in Traefik. */
export class MiddlewareBuilder {
  /** What the snapshot holds of the transport store. */
  readonly transportKeys: string[] = []
  /** What the snapshot holds of `KeptState`. */
  readonly keptKeys: string[] = []
  readonly toldStates: ToldState[] = []
  readonly #options: MiddlewaresOptions
  /** How often each site has asked for state: a router can name one middleware twice. */
  readonly #asked = new Map<string, number>()
  /** The way from the router to the middleware being built, to tell a cycle. */
  readonly #path: string[] = []
  readonly #tried = new Set<string>()

  constructor(options: MiddlewaresOptions) {
    this.#options = options
  }

  /** `last` behind the middlewares named, as written in the element `owner`. Throws an Error with a plain message. */
  wrap(names: readonly string[], owner: string, last: Handler): Handler {
    if (names.length === 0) return last
    const layers = names.map((name) => this.#layer(qualify(name, owner), [owner]))
    return composeChain(layers, last, { traced: this.#options.traced })
  }

  /** Those that nothing asks for, so that their mistakes are told. */
  buildUnused(): void {
    for (const name of this.#options.configuration.httpMiddlewares.keys()) {
      try {
        if (!this.#tried.has(name)) this.#layer(name, [])
      } catch {
        // The board has it.
      }
    }
  }

  /** `site`: the owner and the middlewares within which this one stands, for the identity of its state. */
  #layer(name: string, site: readonly string[]): Layer {
    const { httpMiddlewares } = this.#options.configuration
    const element = httpMiddlewares.get(name)
    this.#tried.add(name)
    if (element === undefined) throw missing('middleware', name, httpMiddlewares)
    if (this.#path.includes(name)) throw new Error(`recursion detected in ${[...this.#path, name].join('->')}`)
    this.#path.push(name)
    try {
      const { definition, options } = element.value
      const middleware = definition.build(options, this.#scope(element, [...site, name]))
      return { name, type: definition.name, middleware, tracesItself: definition.tracesItself }
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      this.#options.board.disable('httpMiddlewares', element, { message })
      throw new Error(message)
    } finally {
      this.#path.pop()
    }
  }

  #scope({ name, fingerprint }: Element<HttpMiddleware>, site: readonly string[]): MiddlewareScope {
    return {
      name,
      log: this.#options.log.with({ middleware: name }),
      middleware: (reference) => this.#single(qualify(reference, name), site),
      service: (reference) => this.#options.service(reference, name),
      keep: (key, make) =>
        this.#noted(this.#acquire(this.#numbered([...site, key, fingerprint].join(' ')), make), site),
      share: (key, make) => this.#acquire(`shared ${key}`, make),
      transport: (tls) => this.#transport(tls),
    }
  }

  #acquire<T extends object>(key: string, make: () => T): T {
    const value = this.#options.kept.acquire(key, make)
    this.keptKeys.push(key)
    return value
  }

  /** `site` begins with the owner and ends with the middleware. */
  #noted<T extends object>(state: T, site: readonly string[]): T {
    const [owner = '', middleware = ''] = [site[0], site.at(-1)]
    if (isDescribable(state)) this.toldStates.push({ middleware, owner, told: state })
    return state
  }

  #numbered(key: string): string {
    const number = (this.#asked.get(key) ?? 0) + 1
    this.#asked.set(key, number)
    return `${key} ${number}`
  }

  #transport(tls: ClientTls | undefined): Transport {
    const { transports, defaultTransport } = this.#options
    const { transport, key } = transports.acquire(transportSettings(tls, defaultTransport))
    this.transportKeys.push(key)
    return transport
  }

  #single(name: string, site: readonly string[]): Middleware {
    const layer = this.#layer(name, site)
    return (next) => composeChain([layer], next, { traced: this.#options.traced })
  }
}

function isDescribable(state: object): state is Describable {
  return 'describeState' in state && typeof state.describeState === 'function'
}

/** Traefik's own: `serversTransport` is about servers of services only. */
const timeouts = { dialTimeout: 30_000, responseHeaderTimeout: 0, idleConnTimeout: 90_000 }

function transportSettings(tls: ClientTls | undefined, defaults: TransportSettings): TransportSettings {
  const { ca, cert, key, insecureSkipVerify = false } = tls ?? {}
  return {
    ...defaults,
    insecureSkipVerify,
    rootCAs: ca === undefined ? [] : [ca],
    certificates: cert === undefined || key === undefined ? [] : [{ certFile: cert, keyFile: key }],
    forwardingTimeouts: { ...defaults.forwardingTimeouts, ...timeouts },
  }
}
