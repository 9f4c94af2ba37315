import type { UpstreamConnection } from '../http1/client.ts'

/**
 * Idle connections to one upstream identity, last in first out: the warmest is used again, the coldest ages out.
 * A connection that ends while it is idle leaves by itself (`remove`).
 */
export class ConnectionPool {
  readonly #maxIdle: number
  readonly #idle: UpstreamConnection[] = []
  /** Where a connection may lead that is used again; undefined: anywhere. */
  #addresses: ReadonlySet<string> | undefined
  #closed = false

  constructor(maxIdle: number) {
    this.#maxIdle = maxIdle
  }

  get idleCount(): number {
    return this.#idle.length
  }

  take(): UpstreamConnection | undefined {
    return this.#idle.pop()
  }

  /** Keeps a connection for the next request; false when it is full or closed, and the giver must close it. */
  give(connection: UpstreamConnection): boolean {
    if (this.#closed || this.#idle.length >= this.#maxIdle || !this.#leadsRight(connection)) return false
    this.#idle.push(connection)
    return true
  }

  remove(connection: UpstreamConnection): void {
    const at = this.#idle.lastIndexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
  }

  /** The server's name means these addresses now: no connection to another one is used again. */
  retain(addresses: ReadonlySet<string>): void {
    this.#addresses = addresses
    for (const connection of this.#idle.filter((idle) => !this.#leadsRight(idle))) {
      this.remove(connection)
      connection.close()
    }
  }

  #leadsRight({ remoteAddress }: UpstreamConnection): boolean {
    return this.#addresses === undefined || this.#addresses.has(remoteAddress)
  }

  close(): void {
    this.#closed = true
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}
