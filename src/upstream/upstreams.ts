import { canMove, NameWatch } from './name-watch.ts'
import type { ServerAddress } from './transport.ts'

export interface UpstreamsOptions<T> {
  make(server: ServerAddress): T
  /** The server's name has these addresses now: connections to others are not to be used again. */
  readdress(upstream: T, addresses: ReadonlySet<string>): void
  /** Closes what is idle; called too for an upstream that has not been used for long. */
  close(upstream: T): void
  readonly idleTimeoutMs: number
}

interface Entry<T> {
  readonly upstream: T
  readonly names: NameWatch | undefined
  usedAtMs: number
}

const leastKeepMs = 60_000

/** A transport's upstreams by origin, each made when it is first asked for and forgotten when it is no longer. */
export class Upstreams<T> {
  readonly #options: UpstreamsOptions<T>
  readonly #entries = new Map<string, Entry<T>>()
  #sweepAt = 64
  #isClosed = false

  constructor(options: UpstreamsOptions<T>) {
    this.#options = options
  }

  get(server: ServerAddress): T {
    if (this.#isClosed) return this.#makeClosed(server)
    const nowMs = performance.now()
    const entry = this.#entries.get(server.origin) ?? this.#make(server, nowMs)
    entry.usedAtMs = nowMs
    entry.names?.touch(nowMs)
    return entry.upstream
  }

  close(): void {
    this.#isClosed = true
    for (const { upstream } of this.#entries.values()) this.#options.close(upstream)
    this.#entries.clear()
  }

  /** For requests that are still on their way in a configuration that has been replaced: nothing is kept for later. */
  #makeClosed(server: ServerAddress): T {
    const upstream = this.#options.make(server)
    this.#options.close(upstream)
    return upstream
  }

  #make(server: ServerAddress, nowMs: number): Entry<T> {
    if (this.#entries.size >= this.#sweepAt) this.#sweep(nowMs)
    const upstream = this.#options.make(server)
    const changed = (addresses: ReadonlySet<string>) => this.#options.readdress(upstream, addresses)
    const isWatched = server.socketPath === undefined && canMove(server.host)
    const names = isWatched ? new NameWatch({ host: server.host, changed }) : undefined
    const entry = { upstream, names, usedAtMs: nowMs }
    this.#entries.set(server.origin, entry)
    return entry
  }

  /** A transport outlives configurations: servers that are in none of them any more must not add up. */
  #sweep(nowMs: number): void {
    for (const [origin, { upstream, usedAtMs }] of this.#entries) {
      if (nowMs - usedAtMs < Math.max(this.#options.idleTimeoutMs, leastKeepMs)) continue
      this.#entries.delete(origin)
      this.#options.close(upstream)
    }
    this.#sweepAt = Math.max(64, 2 * this.#entries.size)
  }
}
