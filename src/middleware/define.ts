import type { Decoder } from '../config/schema.ts'
import type { Handler, Middleware } from '../http/message.ts'
import type { Log } from '../observe/log.ts'

/** What a middleware may need from the snapshot that it is built for. */
export interface MiddlewareScope {
  /** Qualified name of the middleware, `strip@file`. */
  readonly name: string
  /** Every entry names the middleware. */
  readonly log: Log
  /** A middleware by its name as written in the configuration (resolved in the provider of this one). */
  middleware(name: string): Middleware
  /** A service by its name as written. */
  service(name: string): Handler
}

export interface MiddlewareDefinition<Options = unknown> {
  /** The key in the configuration, `stripPrefix`. */
  readonly name: string
  readonly options: Decoder<Options>
  /** Called once per router and snapshot. May throw an Error with a plain message: only the routers using it fail. */
  build(options: Options, scope: MiddlewareScope): Middleware
}

export function defineMiddleware<Options>(definition: MiddlewareDefinition<Options>): MiddlewareDefinition<Options> {
  return definition
}
