/** Longer keys are kept as their digest, so that clients don't choose how much memory a key takes. */
const longestPlainKey = 64
const fewestSlots = 256
const none = -1

/**
 * Numbers (slots) for the keys that were used last, at most `capacity` of them; a new key gets the slot of the one that
 * was not used for the longest time. A doubly linked list in typed arrays: a hit moves a few numbers and makes nothing.
 */
export class RecentKeys {
  readonly #capacity: number
  readonly #slots = new Map<string, number>()
  readonly #keys: string[] = []
  #newer = new Int32Array(fewestSlots)
  #older = new Int32Array(fewestSlots)
  #newest = none
  #oldest = none

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#keys.length
  }

  /** The slot of a known key, which is now the one used last; -1 for any other. */
  find(key: string): number {
    const slot = this.#slots.get(shortened(key)) ?? none
    if (slot === none || slot === this.#newest) return slot
    this.#unlink(slot)
    this.#link(slot)
    return slot
  }

  /** Only for a key that `find` does not know. The slot may have been another key's. */
  add(key: string): number {
    const own = ownCopy(shortened(key))
    const slot = this.#freeSlot()
    this.#keys[slot] = own
    this.#slots.set(own, slot)
    this.#link(slot)
    return slot
  }

  #freeSlot(): number {
    const { length } = this.#keys
    if (length < this.#capacity) {
      if (length === this.#newer.length) this.#grow()
      return length
    }
    const slot = this.#oldest
    this.#slots.delete(this.#keys[slot]!)
    this.#unlink(slot)
    return slot
  }

  #link(slot: number): void {
    this.#older[slot] = this.#newest
    this.#newer[slot] = none
    if (this.#newest === none) this.#oldest = slot
    else this.#newer[this.#newest] = slot
    this.#newest = slot
  }

  #unlink(slot: number): void {
    const newer = this.#newer[slot]!
    const older = this.#older[slot]!
    if (newer === none) this.#newest = older
    else this.#older[newer] = older
    if (older === none) this.#oldest = newer
    else this.#newer[older] = newer
  }

  #grow(): void {
    this.#newer = doubled(this.#newer)
    this.#older = doubled(this.#older)
  }
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

function shortened(key: string): string {
  return key.length <= longestPlainKey ? key : new Bun.CryptoHasher('sha256').update(key).digest('base64')
}

/** A slice of a request's head would keep the whole head alive with it. Heads are latin-1, and so are their parts. */
function ownCopy(key: string): string {
  return Buffer.from(key, 'latin1').latin1Slice()
}
