/** A place in recorded bytes, moved by reading. */
export interface Cursor {
  block: number
  offset: number
}

const blockBytes = 16 * 1024
/** Shorter pieces are copied together: a body that comes byte by byte must not cost a buffer for each. */
const shortBytes = 2 * 1024

/** Bytes in memory that grow at the end and are read from the beginning, by anybody with a cursor of their own. */
export class RecordedBytes {
  /** All but the last are full. */
  readonly #blocks: Uint8Array[] = []
  /** Bytes in the last block; the rest of it is room for short pieces. */
  #filled = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Uint8Array): void {
    this.#length += piece.length
    if (piece.length >= shortBytes) return this.#push(piece, piece.length)
    const room = this.#room()
    room.set(piece.length > room.length ? piece.subarray(0, room.length) : piece)
    const copied = Math.min(piece.length, room.length)
    this.#filled += copied
    if (copied === piece.length) return
    const block = new Uint8Array(blockBytes)
    block.set(piece.subarray(copied))
    this.#push(block, piece.length - copied)
  }

  /** What follows the cursor, or undefined when nothing does yet. */
  read(cursor: Cursor): Uint8Array | undefined {
    while (cursor.block < this.#blocks.length) {
      const block = this.#blocks[cursor.block]!
      const isLast = cursor.block === this.#blocks.length - 1
      const end = isLast ? this.#filled : block.length
      if (cursor.offset < end) {
        const piece = block.subarray(cursor.offset, end)
        cursor.offset = end
        return piece
      }
      if (isLast) return undefined
      cursor.block += 1
      cursor.offset = 0
    }
    return undefined
  }

  #room(): Uint8Array {
    const last = this.#blocks.at(-1)
    if (last !== undefined && this.#filled < last.length) return last.subarray(this.#filled)
    const block = new Uint8Array(blockBytes)
    this.#push(block, 0)
    return block
  }

  #push(block: Uint8Array, filled: number): void {
    const at = this.#blocks.length - 1
    if (at >= 0) this.#blocks[at] = this.#blocks[at]!.subarray(0, this.#filled)
    this.#blocks.push(block)
    this.#filled = filled
  }
}
