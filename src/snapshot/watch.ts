import { formatProblem } from '../config/problem.ts'
import { inSlices } from '../config/steps.ts'
import type { Log } from '../observe/log.ts'
import type { Provider, ProviderUpdate } from '../provider/define.ts'
import { mergedDigest, mergeProvidersSteps, type MergedConfiguration } from '../provider/merge.ts'
import { Throttle } from './throttle.ts'

export interface WatchOptions {
  readonly providers: readonly Provider[]
  /** At most one update of a provider in this time, the latest; 0 for no limit. */
  readonly throttleMs: number
  /** Called with one configuration after the other, never twice at a time. May reject: the next one is applied all the same. */
  readonly apply: (
    configuration: MergedConfiguration,
    /** What it was made of, by provider. */
    updates: ReadonlyMap<string, ProviderUpdate>,
  ) => Promise<void> | void
  /** False: whoever hands the documents on to here has told what is wrong in them. */
  readonly tellsProblems?: boolean
  readonly log: Log
}

/** The configuration of all providers, kept up to date. */
export interface Watch {
  /** When the first configuration, with what every local provider has to say, has been applied. Never rejects. */
  readonly ready: Promise<void>
  /** Reads every source again (SIGHUP). */
  reload(): void
  /** No configuration is applied after it has resolved. */
  close(): Promise<void>
}

export function watchProviders(options: WatchOptions): Watch {
  return new ProviderWatch(options)
}

class ProviderWatch implements Watch {
  readonly ready: Promise<void>
  readonly #options: WatchOptions
  readonly #becomeReady: () => void
  readonly #updates = new Map<string, ProviderUpdate>()
  readonly #throttles: Throttle<ProviderUpdate>[] = []
  /** Local providers that have not said anything yet. */
  readonly #awaited = new Set<string>()
  /** What was logged of each provider already. */
  readonly #logged = new Map<string, ReadonlySet<string>>()
  readonly #reading: Promise<void>
  #isApplying = false
  #applying: Promise<void> = Promise.resolve()
  #appliedDigest: string | undefined
  #isClosed = false

  constructor(options: WatchOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#becomeReady = resolve
    for (const provider of options.providers) if (provider.isLocal) this.#awaited.add(provider.name)
    this.#reading = Promise.all(options.providers.map((provider) => this.#read(provider))).then(() => {})
    if (this.#awaited.size === 0) this.#applyLatest()
  }

  reload(): void {
    for (const provider of this.#options.providers) provider.reload()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const throttle of this.#throttles) throttle.cancel()
    for (const provider of this.#options.providers) provider.close()
    await Promise.all([this.#reading, this.#applying])
    this.#becomeReady()
  }

  async #read(provider: Provider): Promise<void> {
    const throttleMs = provider.isThrottled ? this.#options.throttleMs : 0
    const throttle = new Throttle<ProviderUpdate>(throttleMs, (update) => this.#take(provider, update))
    this.#throttles.push(throttle)
    try {
      for await (const update of provider.start()) throttle.put(update)
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      this.#options.log.error('a provider has failed; its last configuration stays', {
        provider: provider.name,
        reason,
      })
    }
    // A provider that ends without a word must not keep the entry points closed.
    if (this.#awaited.delete(provider.name)) this.#applyLatest()
  }

  #take(provider: Provider, update: ProviderUpdate): void {
    if (this.#options.tellsProblems !== false) this.#logProblems(provider.name, update)
    this.#awaited.delete(provider.name)
    if (this.#updates.get(provider.name)?.digest !== update.digest) this.#updates.set(provider.name, update)
    this.#applyLatest()
  }

  /** Starts applying unless that is going on already: whoever is applying looks for something newer at the end. */
  #applyLatest(): void {
    if (this.#isApplying || this.#awaited.size > 0) return
    this.#isApplying = true
    this.#applying = this.#applyUntilCurrent()
  }

  async #applyUntilCurrent(): Promise<void> {
    for (;;) {
      const updates = this.#inOrder()
      const digest = mergedDigest(updates)
      if (this.#isClosed || digest === this.#appliedDigest) {
        // In the same step as the look for something newer: an update in between would find nobody to apply it.
        this.#isApplying = false
        return
      }
      this.#appliedDigest = digest
      try {
        await this.#options.apply(await inSlices(mergeProvidersSteps(updates)), updates)
      } catch (thrown) {
        const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
        this.#options.log.error('applying the configuration failed; the one before stays', { reason })
      }
      this.#becomeReady()
    }
  }

  /** As configured, whoever answered first: what is merged must not depend on time. */
  #inOrder(): ReadonlyMap<string, ProviderUpdate> {
    const inOrder = new Map<string, ProviderUpdate>()
    for (const { name } of this.#options.providers) {
      const update = this.#updates.get(name)
      if (update !== undefined) inOrder.set(name, update)
    }
    return inOrder
  }

  /** Each problem once, and again only after it had gone. */
  #logProblems(provider: string, { problems, failed }: ProviderUpdate): void {
    const before = this.#logged.get(provider) ?? new Set()
    const now = new Set<string>()
    for (const problem of problems) {
      const text = formatProblem(problem)
      now.add(text)
      if (before.has(text)) continue
      if (problem.severity === 'error') this.#options.log.error(text, { provider })
      else this.#options.log.warn(text, { provider })
    }
    for (const { path, isLastGoodKept } of failed) {
      const text = `${path}: the last good version stays in use`
      if (!isLastGoodKept) continue
      now.add(text)
      if (!before.has(text)) this.#options.log.warn(text, { provider })
    }
    this.#logged.set(provider, now)
  }
}
