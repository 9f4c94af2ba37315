/** RFC 7541 §4.1: what an entry counts for beyond its octets. */
const entryOverheadBytes = 32
/** Evicted entries that may stand before the first; moving the others up each time would make eviction quadratic. */
const mostEvicted = 256

/** The fields that both ends remember (RFC 7541 §2.3.2), oldest first; entries are named by how many came before. */
export class DynamicTable {
  readonly #names: (string | undefined)[] = []
  readonly #values: (string | undefined)[] = []
  readonly #evicted: ((name: string, value: string, number: number) => void) | undefined
  #first = 0
  /** How many entries have been dropped from the arrays. */
  #base = 0
  #bytes = 0
  #maxBytes: number

  constructor(maxBytes: number, evicted?: (name: string, value: string, number: number) => void) {
    this.#maxBytes = maxBytes
    this.#evicted = evicted
  }

  /** How many entries there are. */
  get length(): number {
    return this.#names.length - this.#first
  }

  /** How many entries there have ever been: the number of the next one. */
  get added(): number {
    return this.#base + this.#names.length
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes
    this.#evictTo(maxBytes)
  }

  /** `index` counts from the newest, which is 0. */
  name(index: number): string | undefined {
    return this.#names[this.#names.length - 1 - index]
  }

  value(index: number): string | undefined {
    return this.#values[this.#values.length - 1 - index]
  }

  /** False: it is larger than the whole table, which is empty now (RFC 7541 §4.4). */
  add(name: string, value: string): boolean {
    const bytes = name.length + value.length + entryOverheadBytes
    this.#evictTo(this.#maxBytes - bytes)
    if (bytes > this.#maxBytes) return false
    this.#names.push(name)
    this.#values.push(value)
    this.#bytes += bytes
    return true
  }

  #evictTo(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.length > 0) {
      const name = this.#names[this.#first]!
      const value = this.#values[this.#first]!
      this.#bytes -= name.length + value.length + entryOverheadBytes
      this.#names[this.#first] = undefined
      this.#values[this.#first] = undefined
      this.#evicted?.(name, value, this.#base + this.#first)
      this.#first += 1
    }
    if (this.#first <= mostEvicted) return
    this.#names.splice(0, this.#first)
    this.#values.splice(0, this.#first)
    this.#base += this.#first
    this.#first = 0
  }
}
