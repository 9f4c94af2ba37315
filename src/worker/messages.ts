import type { BoundEntryPoint } from '../app.ts'
import type { Problem } from '../config/problem.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { ElementFailure } from '../provider/define.ts'
import type { Verdict } from '../service/health/probe.ts'

/*
 * What a supervisor and its workers tell each other, over the channel that the process was started with:
 *
 *   worker     → hello
 *   supervisor → start, then elements… update for each provider
 *   worker     → listening, or failed and it ends
 *   …            any of the others, from either side
 *   supervisor → drain
 *   worker     ends with exit code 0
 */

/** From the supervisor to a worker. */
export type Order =
  | StartOrder
  | ElementsOrder
  | UpdateOrder
  | { readonly kind: 'tellStatus'; readonly question: number }
  | { readonly kind: 'reopenLogs' }
  /** From now on this worker does what only one does: it checks the health of servers. */
  | { readonly kind: 'lead' }
  | VerdictMessage
  /** The whole program ends: what drains otherwise is replaced. */
  | { readonly kind: 'terminate' }
  | { readonly kind: 'drain' }

export interface StartOrder {
  readonly kind: 'start'
  /** From 1; a worker that replaces another has its number. */
  readonly number: number
  /** Ready to be used: every worker is given the same one and reads none itself. */
  readonly configuration: StaticConfiguration
  readonly staticFile: string | undefined
  readonly servesWhoami: boolean
  /** Those whose updates will come, in the order in which they are merged. */
  readonly providers: readonly HandedProviderName[]
}

export interface HandedProviderName {
  readonly name: string
  readonly isLocal: boolean
}

/** Some elements of the update that comes next; packed text, see packed-element.ts. */
export interface ElementsOrder {
  readonly kind: 'elements'
  readonly provider: string
  readonly packed: string
}

/** All elements that a provider has now have been sent. */
export interface UpdateOrder {
  readonly kind: 'update'
  readonly provider: string
  readonly digest: string
  readonly problems: readonly Problem[]
  readonly failed: readonly ElementFailure[]
}

/** From a worker to its supervisor. */
export type Report =
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly bound: readonly BoundEntryPoint[] }
  | { readonly kind: 'failed'; readonly reason: string }
  /** What is wrong with the snapshot that it has built: all of it, each time. */
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  | ({ readonly kind: 'status'; readonly question: number } & WorkerCounts)
  | VerdictMessage

export interface WorkerCounts {
  /** Connections of clients that are open now. */
  readonly connections: number
  /** Requests that have been answered, or given up, since the process began. */
  readonly requests: number
}

/** The outcome of a probe, from the worker that leads to all the others. */
export interface VerdictMessage {
  readonly kind: 'verdict'
  readonly check: string
  /** Undefined: the check has ended. */
  readonly verdict: Verdict | undefined
}
