import { DynamicTable } from './dynamic-table.ts'
import { staticEntries } from './static-table.ts'

/** Where a field stands in a table: an index, and which value is at which. */
interface KnownName {
  /** The first entry of the static table with this name; 0: none. */
  readonly staticIndex: number
  readonly staticValues: ReadonlyMap<string, number>
  readonly howToSend: HowToSend
}

/** `secret`: never in any table, ours or that of a proxy behind (RFC 7541 §7.1.3); `passing`: not worth a place in it. */
type HowToSend = 'indexed' | 'passing' | 'secret'

const secret = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
/** Different with nearly every message: they would only push others out. */
const passing = new Set([
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'if-modified-since',
  'if-none-match',
  'location',
])

const knownNames = buildKnownNames()

/** Most octets that an integer takes, twice, beside the octets of name and value. */
const mostOverheadBytes = 12

/**
 * Encodes the field sections of one connection (RFC 7541). Without Huffman coding: a table makes what repeats small,
 * and the rest is not worth the time.
 */
export class HpackEncoder {
  /** What `encode` has written, until it is called again. */
  bytes: Buffer = Buffer.allocUnsafeSlow(1024)
  readonly #mostTableBytes: number
  readonly #places = new Map<string, Map<string, number>>()
  readonly #table: DynamicTable
  #at = 0
  /** The smallest size since the last section, which the peer has to be told of as well (RFC 7541 §4.2). */
  #leastTableBytes: number | undefined

  /** `mostTableBytes`: whatever the peer allows, no more is used. */
  constructor(mostTableBytes: number) {
    this.#mostTableBytes = mostTableBytes
    this.#table = new DynamicTable(Math.min(4096, mostTableBytes), (name, value, number) => {
      const values = this.#places.get(name)
      if (values?.get(value) !== number) return
      values.delete(value)
      if (values.size === 0) this.#places.delete(name)
    })
    if (mostTableBytes < 4096) this.#leastTableBytes = mostTableBytes
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  allow(tableBytes: number): void {
    const size = Math.min(tableBytes, this.#mostTableBytes)
    if (size === this.#table.maxBytes) return
    this.#table.resize(size)
    this.#leastTableBytes = Math.min(size, this.#leastTableBytes ?? size)
  }

  /** Names (in lower case) and values in turn, one char per octet. Gives how many octets of `bytes` are the section. */
  encode(fields: readonly string[]): number {
    this.#at = 0
    this.#reserve(mostOverheadBytes)
    if (this.#leastTableBytes !== undefined) this.#writeTableSize(this.#leastTableBytes)
    for (let at = 0; at < fields.length; at += 2) this.#writeField(fields[at]!, fields[at + 1]!)
    return this.#at
  }

  #writeTableSize(least: number): void {
    const { maxBytes } = this.#table
    if (least < maxBytes) this.#writeInteger(0x20, 0x1f, least)
    this.#writeInteger(0x20, 0x1f, maxBytes)
    this.#leastTableBytes = undefined
  }

  #writeField(name: string, value: string): void {
    this.#reserve(name.length + value.length + mostOverheadBytes)
    const known = knownNames.get(name)
    const staticIndex = known?.staticValues.get(value)
    if (staticIndex !== undefined) return this.#writeInteger(0x80, 0x7f, staticIndex)
    const howToSend = known?.howToSend ?? 'indexed'
    const nameIndex = known?.staticIndex ?? 0
    if (howToSend !== 'indexed')
      return this.#writeLiteral(howToSend === 'secret' ? 0x10 : 0, 0x0f, nameIndex, name, value)
    const place = this.#places.get(name)?.get(value)
    if (place !== undefined) return this.#writeInteger(0x80, 0x7f, staticEntries.length + this.#table.added - place)
    const number = this.#table.added
    const isAdded = this.#table.add(name, value)
    if (isAdded) this.#remember(name, value, number)
    this.#writeLiteral(isAdded ? 0x40 : 0, isAdded ? 0x3f : 0x0f, nameIndex, name, value)
  }

  #remember(name: string, value: string, number: number): void {
    const values = this.#places.get(name)
    if (values === undefined) this.#places.set(name, new Map([[value, number]]))
    else values.set(value, number)
  }

  #writeLiteral(kind: number, mask: number, nameIndex: number, name: string, value: string): void {
    this.#writeInteger(kind, mask, nameIndex)
    if (nameIndex === 0) this.#writeText(name)
    this.#writeText(value)
  }

  #writeText(text: string): void {
    const { length } = text
    this.#writeInteger(0, 0x7f, length)
    this.bytes.latin1Write(text, this.#at, length)
    this.#at += length
  }

  #writeInteger(kind: number, mask: number, value: number): void {
    if (value < mask) {
      this.bytes[this.#at++] = kind | value
      return
    }
    this.bytes[this.#at++] = kind | mask
    let rest = value - mask
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.#at++] = (rest & 0x7f) | 0x80
    this.bytes[this.#at++] = rest
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(needed * 2)
    this.bytes.copy(grown, 0, 0, this.#at)
    this.bytes = grown
  }
}

function buildKnownNames(): ReadonlyMap<string, KnownName> {
  const known = new Map<string, { staticIndex: number; staticValues: Map<string, number>; howToSend: HowToSend }>()
  for (const [at, [name, value]] of staticEntries.entries()) {
    const howToSend = secret.has(name) ? 'secret' : passing.has(name) ? 'passing' : 'indexed'
    const entry = known.get(name) ?? { staticIndex: at + 1, staticValues: new Map(), howToSend }
    if (!entry.staticValues.has(value)) entry.staticValues.set(value, at + 1)
    known.set(name, entry)
  }
  return known
}
