import type { Decoder } from '../config/schema.ts'
import type { Handler } from '../http/message.ts'
import type { ServerAddress, Transport } from '../upstream/transport.ts'

/** What a service may need from the snapshot that it is built for. */
export interface ServiceScope {
  /** Qualified name, `app@file`. */
  readonly name: string
  /** Another service by its name as written (resolved in the provider of this one). */
  service(name: string): Handler
  /** The transport of a `serversTransport` name; without a name the default one. */
  transport(name: string | undefined): Transport
  /** The Handler of one server. */
  forward(target: ForwardTarget): Handler
}

export interface ForwardTarget {
  readonly server: ServerAddress
  readonly transport: Transport
  /** False: the server sees its own authority as Host. */
  readonly passHostHeader: boolean
  /** Put before every path (`preservePath`); '' for none. */
  readonly basePath: string
}

export interface ServiceDefinition<Options = unknown> {
  /** The key in the configuration, `loadBalancer`. */
  readonly name: string
  readonly options: Decoder<Options>
  /** May throw an Error with a plain message: only the routers using the service fail. */
  build(options: Options, scope: ServiceScope): Handler
}

export function defineService<Options>(definition: ServiceDefinition<Options>): ServiceDefinition<Options> {
  return definition
}
