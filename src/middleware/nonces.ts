import { isSame } from './password-hash.ts'

/** What a nonce and its count are worth. */
export type NonceUse =
  | 'fresh'
  /** The same count again: a replay. */
  | 'replayed'
  /** Proves nothing about when it was sent: to be tried again with a new nonce. */
  | 'stale'

/** How many nonces that have been used are kept in mind. */
const mostUsed = 10_000

/**
 * The nonces of Digest logins. One that was only given out takes no memory, however many are asked for: it carries its
 * own proof. What is kept is the count of those with which somebody has logged in. When there are too many, the longest
 * unused are forgotten, and with them all that were given out before: none can be used again.
 */
export class Nonces {
  readonly #key = crypto.getRandomValues(new Uint8Array(32))
  readonly #highestCounts = new Map<string, number>()
  readonly #mostUsed: number
  #issued = 0
  /** Nonces up to this number are good only while they are in mind. */
  #forgotten = 0

  constructor(limit: number = mostUsed) {
    this.#mostUsed = limit
  }

  issue(): string {
    this.#issued += 1
    return this.#signed(this.#issued)
  }

  /** Only for a login whose digest is right: else anybody could spend the counts of others. */
  use(nonce: string, count: number): NonceUse {
    const highest = this.#highestCounts.get(nonce)
    if (highest === undefined) return this.#useFirst(nonce, count)
    if (count === highest) return 'replayed'
    if (count < highest) return 'stale'
    // Taken out first, so that the longest unused are the first of the map.
    this.#highestCounts.delete(nonce)
    this.#highestCounts.set(nonce, count)
    return 'fresh'
  }

  #useFirst(nonce: string, count: number): NonceUse {
    const number = this.#numberOf(nonce)
    if (number === undefined || number <= this.#forgotten) return 'stale'
    // Counts begin at 1 (RFC 7616 §3.4): a 0 would leave room for itself.
    if (count === 0) return 'replayed'
    this.#highestCounts.set(nonce, count)
    if (this.#highestCounts.size > this.#mostUsed) this.#forgetOldest()
    return 'fresh'
  }

  #forgetOldest(): void {
    const [oldest] = this.#highestCounts.keys()
    this.#forgotten = Math.max(this.#forgotten, this.#numberOf(oldest!) ?? 0)
    this.#highestCounts.delete(oldest!)
  }

  #signed(number: number): string {
    const text = number.toString(16)
    const proof = new Bun.CryptoHasher('sha256', this.#key).update(text).digest('hex').slice(0, 32)
    return `${text}.${proof}`
  }

  /** Undefined for a nonce that is not from here, or from before a restart. */
  #numberOf(nonce: string): number | undefined {
    const number = parseInt(nonce, 16)
    return Number.isSafeInteger(number) && isSame(nonce, this.#signed(number)) ? number : undefined
  }
}
