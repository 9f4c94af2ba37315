import type { Exchange } from '../http/exchange.ts'
import type { Handler } from '../http/message.ts'
import type { HeadLimits } from './head.ts'

export interface Http1ServerOptions {
  readonly entryPoint: string
  readonly limits: HeadLimits
  /** For a head to arrive, and for a body to make progress (see `minimumProgressBytes`); 0: no limit. */
  readonly readTimeoutMs: number
  /** From the end of the head to the last byte of the response; 0: no limit. */
  readonly writeTimeoutMs: number
  readonly idleTimeoutMs: number
  /** The response to this many requests, or after this age, closes the connection; 0: no limit. */
  readonly keepAliveMaxRequests: number
  readonly keepAliveMaxTimeMs: number
  /** The handler chain for a request that begins now. */
  handler(): Handler
  /** True from the beginning of a shutdown: every response closes its connection. */
  isDraining(): boolean
  /** Told of every exchange at its end. */
  finished(exchange: Exchange): void
}
