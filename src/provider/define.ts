import type { DynamicConfiguration, decodeDynamicSteps } from '../config/dynamic.ts'
import type { FailedElement } from '../config/dynamic-element.ts'
import type { Problem } from '../config/problem.ts'
import type { Decoder } from '../config/schema.ts'
import type { Log } from '../observe/log.ts'

/** An element with mistakes; when an earlier version of it was good, that one is in the configuration. */
export interface ElementFailure extends FailedElement {
  readonly isLastGoodKept: boolean
}

/** All that a provider knows at one time; each update replaces the one before. */
export interface ProviderUpdate {
  readonly configuration: DynamicConfiguration
  readonly problems: readonly Problem[]
  readonly failed: readonly ElementFailure[]
  /** The same for two updates that differ in nothing, the contents of the certificate files they name included. */
  readonly digest: string
}

/** A source of dynamic configuration: a stream of documents. */
export interface Provider {
  /** What follows `@` in the names of its elements. */
  readonly name: string
  /** Local ones answer at once, so that entry points wait for their first update before they open. */
  readonly isLocal: boolean
  /** False: every update is taken at once, whatever `providersThrottleDuration` says. */
  readonly isThrottled: boolean
  /**
   * Called once. The first update comes as soon as the source has been read, also when it can't be; then one comes for
   * each change. A reader that is slow sees the latest only. Never throws; ends when the provider is closed.
   */
  start(): AsyncIterable<ProviderUpdate>
  /** Reads the source again now, whether or not it is watched (SIGHUP). */
  reload(): void
  /** Gives everything back: watches, timers, connections. */
  close(): void
}

/** What a provider may need from the process. */
export interface ProviderScope {
  readonly decode: typeof decodeDynamicSteps
  readonly log: Log
  /** The process's environment variables, for templates. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Path of the static configuration file: where a provider reads it too, its static sections are no mistake. */
  readonly staticFile: string | undefined
}

export interface ProviderDefinition<Options = unknown> {
  /** The key in the static configuration, `file`. */
  readonly name: string
  readonly options: Decoder<Options>
  build(options: Options, scope: ProviderScope): Provider
}

export function defineProvider<Options>(definition: ProviderDefinition<Options>): ProviderDefinition<Options> {
  return definition
}
