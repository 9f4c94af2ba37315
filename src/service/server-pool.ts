import type { Log } from '../observe/log.ts'
import { FailureWindow, type PassiveHealthCheck } from './health/failure-window.ts'
import type { WatchedServer } from './health/check.ts'
import { ServerLoad } from './load.ts'
import type { ServerUrl } from './server-url.ts'
import type { Choose, MeasuredCandidate, StrategyDefinition } from './strategy/define.ts'

export interface ServerPoolOptions {
  /** In the order in which they are to have their first turns. */
  readonly servers: readonly PooledServerOptions[]
  readonly strategy: StrategyDefinition
  readonly passive: PassiveHealthCheck | undefined
  readonly log: Log
}

export interface PooledServerOptions {
  readonly url: ServerUrl
  readonly weight: number
  /** Undefined without an active health check. */
  readonly watched: WatchedServer | undefined
  readonly preservePath: boolean
}

/** The servers of one balancer with all that is learnt of them; outlives a reload that does not change the service. */
export class ServerPool implements Disposable {
  readonly servers: readonly PooledServer[]
  /** Those that can be chosen: a server without weight never is, and its health counts for nothing. */
  readonly usable: readonly PooledServer[]
  readonly choose: Choose<PooledServer>

  constructor({ servers, strategy, passive, log }: ServerPoolOptions) {
    this.servers = servers.map((server, index) => new PooledServer({ ...server, index, passive, log }))
    this.usable = strategy.usesWeights ? this.servers.filter(({ weight }) => weight > 0) : this.servers
    this.choose = strategy.build(this.servers)
  }

  get hasServerUp(): boolean {
    return this.usable.some(({ isUp }) => isUp)
  }

  [Symbol.dispose](): void {
    for (const server of this.servers) server.close()
  }
}

interface IndexedServerOptions extends PooledServerOptions {
  readonly index: number
  readonly passive: PassiveHealthCheck | undefined
  readonly log: Log
}

/** One server as its balancer sees it: up until a check or its own answers say otherwise. */
export class PooledServer implements MeasuredCandidate {
  readonly index: number
  readonly url: ServerUrl
  readonly weight: number
  readonly preservePath: boolean
  readonly load = new ServerLoad()
  isUp: boolean
  readonly #log: Log
  readonly #failures: FailureWindow | undefined
  readonly #isWatched: boolean
  readonly #unsubscribe: (() => void) | undefined
  readonly #passive: PassiveHealthCheck | undefined
  #recovery: Timer | undefined

  constructor({ index, url, weight, preservePath, watched, passive, log }: IndexedServerOptions) {
    this.index = index
    this.url = url
    this.weight = weight
    this.preservePath = preservePath
    this.#log = log
    this.#passive = passive
    this.#failures = passive && new FailureWindow(passive)
    this.#isWatched = watched !== undefined
    this.isUp = watched?.isUp ?? true
    this.#unsubscribe = watched?.subscribe((isUp) => (this.isUp = isUp))
  }

  get name(): string {
    return this.url.written
  }

  /** An attempt has gone wrong: with enough of them in time the server is taken out. */
  failed(): void {
    if (this.#failures?.add(performance.now()) !== true || !this.isUp || this.#passive === undefined) return
    this.isUp = false
    this.#log.warn('server is down: its answers fail', { server: this.name })
    // With an active check it is for that to find the server up again.
    if (!this.#isWatched) this.#recovery = setTimeout(() => this.#recover(), this.#passive.failureWindow)
  }

  succeeded(): void {
    this.#failures?.clear()
  }

  close(): void {
    this.#unsubscribe?.()
    clearTimeout(this.#recovery)
  }

  #recover(): void {
    this.#failures?.clear()
    this.isUp = true
    this.#log.info('server is given another chance', { server: this.name })
  }
}
