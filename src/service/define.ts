import type { Decoder } from '../config/schema.ts'
import type { Handler } from '../http/message.ts'
import type { Log } from '../observe/log.ts'
import type { ServerAddress, Transport } from '../upstream/transport.ts'
import type { RunCheck } from './health/check.ts'

/** What a service may need from the snapshot that it is built for. */
export interface ServiceScope {
  /** Qualified name, `app@file`. */
  readonly name: string
  /** Another service by its name as written (resolved in the provider of this one). */
  service(name: string): ServiceHandle
  /** The transport of a `serversTransport` name; without a name the default one. */
  transport(name: string | undefined): SharedTransport
  /** The Handler of one server. */
  forward(target: ForwardTarget): Handler
  /**
   * State that outlives the snapshot: the same object again after a reload, as long as this service's configuration has
   * not changed. Its `Symbol.dispose`, if any, is called when no snapshot uses it any more, though requests that are on
   * their way may still come by.
   */
  keep<T extends object>(key: string, make: () => T): T
  /** As `keep`, but one object for all services that give the same key. */
  share<T extends object>(key: string, make: () => T): T
  readonly runCheck: RunCheck
  readonly log: Log
}

export interface SharedTransport {
  readonly transport: Transport
  /** Of its settings: two with the same key are one. */
  readonly key: string
}

export interface ForwardTarget {
  readonly server: ServerAddress
  readonly transport: Transport
  /** False: the server sees its own authority as Host. */
  readonly passHostHeader: boolean
  /** Put before every path (`preservePath`); '' for none. */
  readonly basePath: string
}

/** A service as its router or its parent service holds it. */
export interface ServiceHandle {
  readonly handler: Handler
  /** Undefined: nobody watches its health, so a parent can't go by it. */
  readonly status: ServiceStatus | undefined
}

/** Asked whenever it matters, so that nobody need be told of a change, or be taken off a list. */
export interface ServiceStatus {
  /** True while at least one server or child service is up. */
  readonly isUp: boolean
  /** Each server's URL, and whether it is up; empty for a service of services. */
  readonly servers: ReadonlyMap<string, boolean>
}

export interface ServiceDefinition<Options = unknown> {
  /** The key in the configuration, `loadBalancer`. */
  readonly name: string
  /** What it does, in one sentence, for the reference. */
  readonly summary?: string
  readonly options: Decoder<Options>
  /** May throw an Error with a plain message: only the routers using the service fail. */
  build(options: Options, scope: ServiceScope): ServiceHandle
}

export function defineService<Options>(definition: ServiceDefinition<Options>): ServiceDefinition<Options> {
  return definition
}
