import type { Decoder } from '../config/schema.ts'
import type { Handler, Middleware } from '../http/message.ts'
import type { Log } from '../observe/log.ts'
import type { Transport } from '../upstream/transport.ts'
import type { ClientTls } from './client-tls.ts'

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
  /**
   * The way to servers that the middleware itself asks. Its connections are pooled, shared by all that ask with the same
   * settings, and outlive the snapshot. Without `tls` an https server must have a certificate that the system trusts.
   */
  transport(tls: ClientTls | undefined): Transport
  /**
   * State that outlives the snapshot: the same object again after a reload for the same router, as long as this
   * middleware's configuration has not changed. Its `Symbol.dispose`, if any, is called when nothing uses it any more,
   * though requests that are on their way may still come by; its `describeState`, if any, is what the API tells.
   */
  keep<T extends object>(key: string, make: () => T): T
  /** As `keep`, but one object for all that give the same key, whatever their router and configuration. */
  share<T extends object>(key: string, make: () => T): T
}

export interface MiddlewareDefinition<Options = unknown> {
  /** The key in the configuration, `stripPrefix`. */
  readonly name: string
  /** What it does, in one sentence, for the reference. */
  readonly summary?: string
  readonly options: Decoder<Options>
  /** It makes its spans itself: one for each attempt, say, instead of one for all. */
  readonly tracesItself?: boolean
  /** Called once per router and snapshot. May throw an Error with a plain message: only the routers using it fail. */
  build(options: Options, scope: MiddlewareScope): Middleware
}

export function defineMiddleware<Options>(definition: MiddlewareDefinition<Options>): MiddlewareDefinition<Options> {
  return definition
}
