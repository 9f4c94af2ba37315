/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(half: number): number {
  let mixed = half ^ (half >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const encoder = new TextEncoder()

/** The prime is 2^40 + 0x1b3. */
const primeLow = 0x1b3
const wrap = 2 ** 32

/**
 * Fowler–Noll–Vo, 64 bits, as Go's hash/fnv: the variant `1` multiplies first, `1a` last. Kept as two 32-bit halves,
 * since a BigInt for each byte would cost ten times as much.
 */
export class Fnv64 {
  readonly #variant: '1' | '1a'
  #high = 0xcbf29ce4
  #low = 0x84222325

  constructor(variant: '1' | '1a') {
    this.#variant = variant
  }

  add(text: string): this {
    for (const byte of encoder.encode(text)) {
      if (this.#variant === '1a') this.#low = (this.#low ^ byte) >>> 0
      this.#multiply()
      if (this.#variant === '1') this.#low = (this.#low ^ byte) >>> 0
    }
    return this
  }

  copy(): Fnv64 {
    const copy = new Fnv64(this.#variant)
    copy.#high = this.#high
    copy.#low = this.#low
    return copy
  }

  /**
   * The sum, mixed once more, as a part of all possible ones: from 0 to 1. A plain sum will not do where it is compared:
   * its last byte hardly reaches the high bits, so that of `http://10.0.0.1` and `http://10.0.0.2` one would nearly
   * always be ahead.
   */
  get fraction(): number {
    const high = mix(this.#high ^ mix(this.#low))
    const low = mix(this.#low ^ high)
    return (high * wrap + low) / 2 ** 64
  }

  /** Without leading zeros, as Go's strconv.FormatUint writes it. */
  get hex(): string {
    return ((BigInt(this.#high) << 32n) | BigInt(this.#low)).toString(16)
  }

  #multiply(): void {
    const low = this.#low * primeLow
    // The 2^40 of the prime lifts the low half by 8 bits into the high one.
    const high = this.#high * primeLow + Math.floor(low / wrap) + this.#low * 256
    this.#low = low % wrap
    this.#high = high % wrap
  }
}
