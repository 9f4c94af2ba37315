import { DynamicTable } from './dynamic-table.ts'
import { decodeHuffman } from './huffman.ts'
import { staticEntries } from './static-table.ts'

export interface DecodedFields {
  /** Names and values in turn, one char per octet. */
  readonly fields: string[]
  /** More than the limit: fields are missing at the end, though the table has seen them. */
  readonly exceedsLimit: boolean
}

/** What a peer may assume before it has read our SETTINGS (RFC 9113 §6.5.2). */
const defaultTableBytes = 4096
/** RFC 9113 §6.5.2 counts so for each field. */
const fieldOverheadBytes = 32
const huffmanBit = 0x80
const malformed = -1
/** No length or index that makes sense is greater, and sums of it stay exact. */
const mostInteger = 2 ** 28

/** Decodes the field sections of one connection, which all share a table (RFC 7541). */
export class HpackDecoder {
  readonly #table = new DynamicTable(defaultTableBytes)
  readonly #maxTableBytes: number
  readonly #maxListBytes: number
  #block: Buffer = noBytes
  #at = 0
  #end = 0

  /** `tableBytes`: the SETTINGS_HEADER_TABLE_SIZE that is announced. */
  constructor(tableBytes: number, maxListBytes: number) {
    this.#maxTableBytes = Math.max(tableBytes, defaultTableBytes)
    this.#maxListBytes = maxListBytes
  }

  /** Undefined: malformed, and the connection can't go on, for the tables would differ (COMPRESSION_ERROR). */
  decode(block: Buffer, start: number, end: number): DecodedFields | undefined {
    this.#block = block
    this.#at = start
    this.#end = end
    if (!this.#readTableSizes()) return undefined
    const fields: string[] = []
    let bytes = 0
    while (this.#at < end) {
      const before = fields.length
      if (!this.#readField(fields)) return undefined
      bytes += fields[before]!.length + fields[before + 1]!.length + fieldOverheadBytes
      if (bytes > this.#maxListBytes) return this.#skipRest(fields)
    }
    return { fields, exceedsLimit: false }
  }

  /** The table must follow, but nothing is kept of what a few octets can make grow without a bound. */
  #skipRest(fields: string[]): DecodedFields | undefined {
    while (this.#at < this.#end) {
      if (!this.#readField([])) return undefined
    }
    return { fields, exceedsLimit: true }
  }

  /** RFC 7541 §4.2: changes of size stand before the first field only. */
  #readTableSizes(): boolean {
    while (this.#at < this.#end && (this.#block[this.#at]! & 0xe0) === 0x20) {
      const size = this.#readInteger(0x1f)
      if (size === malformed || size > this.#maxTableBytes) return false
      this.#table.resize(size)
    }
    return true
  }

  #readField(fields: string[]): boolean {
    const first = this.#block[this.#at]!
    if ((first & 0x80) !== 0) return this.#readIndexed(fields)
    if ((first & 0xe0) === 0x20) return false
    const isAdded = (first & 0x40) !== 0
    const index = this.#readInteger(isAdded ? 0x3f : 0x0f)
    if (index === malformed) return false
    const name = index === 0 ? this.#readText() : this.#nameAt(index)
    if (name === undefined) return false
    const value = this.#readText()
    if (value === undefined) return false
    if (isAdded) this.#table.add(name, value)
    fields.push(name, value)
    return true
  }

  #readIndexed(fields: string[]): boolean {
    const index = this.#readInteger(0x7f)
    if (index <= 0) return false
    if (index <= staticEntries.length) {
      const [name, value] = staticEntries[index - 1]!
      fields.push(name, value)
      return true
    }
    const name = this.#nameAt(index)
    const value = this.#table.value(index - staticEntries.length - 1)
    if (name === undefined || value === undefined) return false
    fields.push(name, value)
    return true
  }

  #nameAt(index: number): string | undefined {
    if (index <= staticEntries.length) return staticEntries[index - 1]![0]
    return this.#table.name(index - staticEntries.length - 1)
  }

  #readText(): string | undefined {
    if (this.#at >= this.#end) return undefined
    const isHuffman = (this.#block[this.#at]! & huffmanBit) !== 0
    const length = this.#readInteger(0x7f)
    if (length === malformed || length > this.#end - this.#at) return undefined
    const start = this.#at
    this.#at += length
    return isHuffman ? decodeHuffman(this.#block, start, this.#at) : this.#block.latin1Slice(start, this.#at)
  }

  /** RFC 7541 §5.1; `mask` are the bits of the first octet that belong to it. */
  #readInteger(mask: number): number {
    let value = this.#block[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; this.#at < this.#end; shift += 7) {
      const octet = this.#block[this.#at++]!
      value += (octet & 0x7f) * 2 ** shift
      if (value > mostInteger || shift > 28) return malformed
      if ((octet & 0x80) === 0) return value
    }
    return malformed
  }
}

const noBytes = Buffer.alloc(0)
