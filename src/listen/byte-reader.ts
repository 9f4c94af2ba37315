/** Reads big-endian numbers and length-prefixed vectors (RFC 8446 §3); undefined means that the bytes run out. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Uint8Array | undefined {
    const end = this.#at + length
    if (end > this.#bytes.length) return undefined
    const piece = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return piece
  }

  uint(width: 1 | 2 | 3): number | undefined {
    return this.take(width)?.reduce((value, byte) => value * 256 + byte, 0)
  }

  vector(lengthWidth: 1 | 2): Uint8Array | undefined {
    const length = this.uint(lengthWidth)
    return length === undefined ? undefined : this.take(length)
  }
}
