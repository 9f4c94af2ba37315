import type { HeadLimits } from './head.ts'

/** What a place remembers: the octets that were parsed, under which limits, and what came of them. */
interface Seen<Head> {
  readonly octets: Buffer
  readonly limits: HeadLimits
  readonly head: Head
}

const places = 256
/** Longer ones are rare, and mostly long for the sake of something that changes. */
const longestOctets = 2048

/**
 * Peers say the same again and again: a client that polls, a probe, a server that is asked for what is in demand. A head
 * that has come twice, octet by octet, is remembered for all connections of the process, and found by one comparison
 * instead of being parsed and allocated anew. Bounded: a place holds the latest that fell on it. What is remembered is
 * shared by the exchanges that find it and never changed.
 */
export class SeenHeads<Head> {
  readonly #seen: (Seen<Head> | undefined)[] = new Array<Seen<Head> | undefined>(places).fill(undefined)
  /** Sums of what has come once. To remember each of them would cost what the others save. */
  readonly #once = new Int32Array(places)
  /** Of what was looked for last. */
  #sum = 0

  /** What came of the same octets before. */
  find(bytes: Buffer, from: number, end: number, limits: HeadLimits): Head | undefined {
    if (end - from > longestOctets) return undefined
    this.#sum = sum(bytes, from, end)
    const seen = this.#seen[placeOf(this.#sum)]
    if (seen === undefined || seen.octets.length !== end - from || seen.limits !== limits) return undefined
    return bytes.compare(seen.octets, 0, seen.octets.length, from, end) === 0 ? seen.head : undefined
  }

  /** To be told of what `find` has just not found. True when it is remembered from now on. */
  note(bytes: Buffer, from: number, end: number, { limits, head }: Omit<Seen<Head>, 'octets'>): boolean {
    if (end - from > longestOctets) return false
    const place = placeOf(this.#sum)
    const isSecond = this.#once[place] === this.#sum
    if (isSecond) this.#seen[place] = { octets: Buffer.from(bytes.subarray(from, end)), limits, head }
    else this.#once[place] = this.#sum
    return isSecond
  }
}

/** Of every octet, four at a time (FNV's prime). Who makes two sums equal gains a comparison that fails. */
function sum(bytes: Buffer, from: number, end: number): number {
  let value = end - from
  for (let at = from; at + 4 <= end; at += 4) value = Math.imul(value ^ bytes.readInt32LE(at), 0x01000193)
  return value
}

/** The upper octet, since multiplying carries upwards only. */
function placeOf(sum: number): number {
  return sum >>> 24
}
