/**
 * Bytes of a head that has not come whole yet. Capacity doubles, so that a peer which sends a large head byte by byte
 * costs linear work, not quadratic.
 */
export class PendingBytes {
  #buffer: Buffer | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Everything pending, as one buffer that stays valid until the next call. */
  view(): Buffer {
    return this.#buffer?.subarray(0, this.#length) ?? nothing
  }

  /** Everything pending with `bytes` behind it, as one buffer that stays valid until the next call. */
  join(bytes: Buffer): Buffer {
    if (this.#buffer === undefined || this.#length === 0) return bytes
    this.keep(bytes)
    return this.#buffer.subarray(0, this.#length)
  }

  /** Keeps a first or further piece. */
  keep(bytes: Buffer): void {
    const needed = this.#length + bytes.length
    if (this.#buffer === undefined || this.#buffer.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, needed * 2))
      if (this.#buffer !== undefined) this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    bytes.copy(this.#buffer, this.#length)
    this.#length = needed
  }

  /** Forgets everything, memory included: an idle connection keeps no buffer. */
  clear(): void {
    this.#buffer = undefined
    this.#length = 0
  }
}

const nothing = Buffer.alloc(0)
