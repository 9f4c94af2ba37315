import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** The addresses of a name, by the system's resolver. */
export type Resolve = (host: string) => Promise<readonly string[]>

const resolveBySystem: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address)

const lookEveryMs = 10_000
/** Bun connects to an address that it has looked up within the last 30 seconds, whatever the name means by now. */
const settlingMs = 40_000

export interface NameWatchOptions {
  readonly host: string
  /** Called after a change, and again until no new connection can have gone to an old address. */
  changed(addresses: ReadonlySet<string>): void
  readonly resolve?: Resolve
}

/**
 * Notices that a name has got other addresses. A kept-alive connection stays where it is as long as it is busy, so
 * without this a server that has moved would get requests at its old address for ever. Looks only while there are
 * requests, and has no timer.
 */
export class NameWatch {
  readonly #options: NameWatchOptions
  readonly #resolve: Resolve
  #lookedAtMs = -Infinity
  #changedAtMs = -Infinity
  #addresses: ReadonlySet<string> | undefined

  constructor(options: NameWatchOptions) {
    this.#options = options
    this.#resolve = options.resolve ?? resolveBySystem
  }

  /** For every request to the name. */
  touch(nowMs: number): void {
    if (nowMs - this.#lookedAtMs < lookEveryMs) return
    this.#lookedAtMs = nowMs
    void this.#look(nowMs)
  }

  async #look(nowMs: number): Promise<void> {
    const found = await this.#resolve(this.#options.host).catch(() => undefined)
    // A resolver that does not answer is no reason to leave a server that does.
    if (found === undefined || found.length === 0) return
    const addresses = new Set(found)
    const before = this.#addresses
    this.#addresses = addresses
    if (before !== undefined && !isSame(before, addresses)) this.#changedAtMs = nowMs
    if (nowMs - this.#changedAtMs < settlingMs) this.#options.changed(addresses)
  }
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((address) => right.has(address))
}

/** Addresses and the host's own name don't change their meaning. */
export function canMove(host: string): boolean {
  return isIP(host) === 0 && host !== 'localhost'
}
