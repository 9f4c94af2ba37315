import type { Exchange } from '../../http/exchange.ts'
import { ProxyError } from '../../errors.ts'
import type { Log } from '../../observe/log.ts'
import type { Transport } from '../../upstream/transport.ts'
import type { CheckPlan } from './plan.ts'
import { probe, probeExchange, type Verdict } from './probe.ts'

/** A server whose health somebody watches. Listeners hear the outcome of every probe. */
export interface WatchedServer {
  readonly isUp: boolean
  /** Gives the function that ends it. */
  subscribe(listener: (isUp: boolean) => void): () => void
}

/**
 * Has a server probed until the function that it gives is called. The default is `probeRegularly`; where several
 * processes serve one configuration, one of them can probe for all and tell the others.
 */
export type RunCheck = (probed: Probed, report: (verdict: Verdict) => void) => () => void

export interface Probed {
  /** The same in every process for the same plan over the same transport. */
  readonly key: string
  readonly plan: CheckPlan
  readonly transport: Transport
}

export interface HealthCheckParts extends Probed {
  readonly runCheck: RunCheck
  readonly log: Log
}

/** The check of one server, shared by all services that ask for the same one. A server is up until a probe fails. */
export class HealthCheck implements WatchedServer, Disposable {
  isUp = true
  readonly #server: string
  readonly #log: Log
  readonly #listeners = new Set<(isUp: boolean) => void>()
  readonly #stop: () => void

  constructor({ runCheck, log, ...probed }: HealthCheckParts) {
    this.#server = probed.plan.server.origin
    this.#log = log
    this.#stop = runCheck(probed, (verdict) => this.#report(verdict))
  }

  subscribe(listener: (isUp: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.#listeners.clear()
  }

  #report(verdict: Verdict): void {
    const wasUp = this.isUp
    this.isUp = verdict.isUp
    if (wasUp && !verdict.isUp) this.#log.warn('server is down', { server: this.#server, reason: verdict.reason })
    if (!wasUp && verdict.isUp) this.#log.info('server is up again', { server: this.#server })
    for (const listener of this.#listeners) listener(verdict.isUp)
  }
}

/** Probes in this process. */
export const probeRegularly: RunCheck = ({ plan, transport }, report) => {
  const rounds = new Rounds(plan, transport, report)
  return () => rounds.stop()
}

/** One probe after the other, an interval from start to start. */
class Rounds {
  readonly #plan: CheckPlan
  readonly #transport: Transport
  readonly #report: (verdict: Verdict) => void
  #timer: Timer | undefined
  #exchange: Exchange | undefined
  #isStopped = false

  constructor(plan: CheckPlan, transport: Transport, report: (verdict: Verdict) => void) {
    this.#plan = plan
    this.#transport = transport
    this.#report = report
    // Thousands of checks that begin together must not probe together ever after.
    this.#schedule(plan.intervalMs * Math.random())
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#exchange?.cancel(new ProxyError('proxy.shutdown', 'the health check has been stopped'))
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#probe(), delayMs)
  }

  async #probe(): Promise<void> {
    const startedAt = performance.now()
    const exchange = probeExchange()
    this.#exchange = exchange
    const verdict = await probe(this.#plan, this.#transport, exchange)
    this.#exchange = undefined
    if (this.#isStopped) return
    this.#report(verdict)
    const intervalMs = verdict.isUp ? this.#plan.intervalMs : this.#plan.unhealthyIntervalMs
    this.#schedule(Math.max(0, startedAt + intervalMs - performance.now()))
  }
}
