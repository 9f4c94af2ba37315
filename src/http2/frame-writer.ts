import type { Connection } from '../net/connection.ts'
import { flag, frameHeadBytes, frameType, maxFrameBytes } from './frame.ts'

/** What is gathered before it is sent: four frames of DATA. */
const bufferBytes = 4 * (maxFrameBytes + frameHeadBytes)
const mostSpareBuffers = 16

const spareBuffers: Buffer[] = []
let unflushed: FrameWriter[] = []

/**
 * Writes frames to a connection. Those of one turn of the event loop leave in one write: the answers of sixteen
 * streams, sent one by one, would be sixteen system calls and wake the client as often.
 */
export class FrameWriter {
  readonly #connection: Connection
  /** Undefined between two flushes: a connection at rest holds none. */
  #buffer: Buffer | undefined
  #length = 0
  #isBlocked = false
  #unsentBytes = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The peer does not read: `drained` will tell. What is written all the same is kept. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** What has been written since the peer has stopped reading. */
  get unsentBytes(): number {
    return this.#unsentBytes
  }

  drained(): void {
    this.#isBlocked = false
    this.#unsentBytes = 0
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#buffer!.set(bytes, at)
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    const at = this.#frame(frameType.settings, 0, 0, values.length * 6)
    for (const [index, [id, value]] of values.entries()) {
      this.#buffer!.writeUInt16BE(id, at + index * 6)
      this.#buffer!.writeUInt32BE(value, at + index * 6 + 2)
    }
  }

  settingsAck(): void {
    this.#frame(frameType.settings, flag.ack, 0, 0)
  }

  ping(flags: number, payload: Uint8Array): void {
    const at = this.#frame(frameType.ping, flags, 0, 8)
    this.#buffer!.set(payload, at)
  }

  goaway(lastStream: number, code: number): void {
    const at = this.#frame(frameType.goaway, 0, 0, 8)
    this.#buffer!.writeUInt32BE(lastStream, at)
    this.#buffer!.writeUInt32BE(code, at + 4)
  }

  resetStream(stream: number, code: number): void {
    const at = this.#frame(frameType.resetStream, 0, stream, 4)
    this.#buffer!.writeUInt32BE(code, at)
  }

  windowUpdate(stream: number, increment: number): void {
    const at = this.#frame(frameType.windowUpdate, 0, stream, 4)
    this.#buffer!.writeUInt32BE(increment, at)
  }

  /** The first `length` octets of `block` are a field section. */
  head(stream: number, block: Buffer, length: number, endStream: boolean): void {
    const first = Math.min(length, maxFrameBytes)
    const flags = (endStream ? flag.endStream : 0) | (first === length ? flag.endHeaders : 0)
    const at = this.#frame(frameType.headers, flags, stream, first)
    block.copy(this.#buffer!, at, 0, first)
    for (let sent = first; sent < length; sent += maxFrameBytes) {
      const next = Math.min(length - sent, maxFrameBytes)
      const isLast = sent + next === length
      const nextAt = this.#frame(frameType.continuation, isLast ? flag.endHeaders : 0, stream, next)
      block.copy(this.#buffer!, nextAt, sent, sent + next)
    }
  }

  /** At most `maxFrameBytes` of `piece`. */
  data(stream: number, piece: Uint8Array, from: number, to: number, endStream: boolean): void {
    const at = this.#frame(frameType.data, endStream ? flag.endStream : 0, stream, to - from)
    if (to > from) this.#buffer!.set(from === 0 && to === piece.length ? piece : piece.subarray(from, to), at)
  }

  /** Sends what has been gathered now. */
  flush(): void {
    const buffer = this.#buffer
    if (buffer === undefined) return
    const length = this.#length
    this.#buffer = undefined
    this.#length = 0
    if (!this.#connection.writeShared(buffer, length)) {
      this.#isBlocked = true
      this.#unsentBytes += length
    }
    if (spareBuffers.length < mostSpareBuffers) spareBuffers.push(buffer)
  }

  /** Writes the head of a frame; gives where its payload goes. */
  #frame(type: number, flags: number, stream: number, length: number): number {
    const at = this.#reserve(frameHeadBytes + length)
    const buffer = this.#buffer!
    buffer[at] = length >> 16
    buffer[at + 1] = length >> 8
    buffer[at + 2] = length
    buffer[at + 3] = type
    buffer[at + 4] = flags
    buffer[at + 5] = stream >>> 24
    buffer[at + 6] = stream >> 16
    buffer[at + 7] = stream >> 8
    buffer[at + 8] = stream
    return at + frameHeadBytes
  }

  #reserve(bytes: number): number {
    if (this.#length + bytes > bufferBytes) this.flush()
    if (this.#buffer === undefined) {
      this.#buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
      if (unflushed.push(this) === 1) setImmediate(flushAll)
    }
    const at = this.#length
    this.#length += bytes
    return at
  }
}

function flushAll(): void {
  const writers = unflushed
  unflushed = []
  for (const writer of writers) writer.flush()
}
