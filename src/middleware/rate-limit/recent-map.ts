interface Entry<T> {
  /** The map's own copy. */
  readonly key: string
  readonly value: T
}

/** Longer keys are kept as their digest, so that clients don't choose how much memory a key takes. */
const longestPlainKey = 64

/**
 * The values of the keys that were used last, at most `capacity` of them: two generations, of which the older is
 * dropped when the younger is half the capacity. What is used again moves to the younger. An exact order of use would
 * cost a list beside the map, and every hit a change of it.
 */
export class RecentMap<T> {
  readonly #generation: number
  #young = new Map<string, Entry<T>>()
  #old = new Map<string, Entry<T>>()

  constructor(capacity: number) {
    this.#generation = capacity >> 1
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): T | undefined {
    const wanted = shortened(key)
    const young = this.#young.get(wanted)
    if (young !== undefined) return young.value
    const old = this.#old.get(wanted)
    if (old === undefined) return undefined
    this.#old.delete(wanted)
    this.#put(old)
    return old.value
  }

  /** Only for a key that `get` has not found. */
  set(key: string, value: T): void {
    this.#put({ key: ownCopy(shortened(key)), value })
  }

  #put(entry: Entry<T>): void {
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(entry.key, entry)
  }
}

function shortened(key: string): string {
  return key.length <= longestPlainKey ? key : new Bun.CryptoHasher('sha256').update(key).digest('base64')
}

/** A slice of a request's head would keep the whole head alive with it. */
function ownCopy(key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le')
}
