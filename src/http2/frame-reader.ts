import { flag, frameHeadBytes, frameType, maxFrameBytes, violation, type Violation } from './frame.ts'

export interface FrameHead {
  type: number
  flags: number
  /** 0: the connection. */
  stream: number
  /** Of the payload, padding included. */
  length: number
}

/** Each method may give a violation, which ends the connection; nothing is read after it. */
export interface FrameSink {
  /** A head has come, and its payload will follow. */
  begin(head: FrameHead): Violation | undefined
  /** The whole payload of a frame other than DATA. It is valid only now. */
  frame(head: FrameHead, bytes: Buffer, start: number, end: number): Violation | undefined
  /** Octets of the DATA frame that has begun, without its padding, as they come; theirs to keep. */
  data(piece: Buffer): void
  /** The DATA frame is whole. */
  dataEnd(head: FrameHead): void
}

/** Cuts a connection's bytes into frames. The payload of DATA passes in whatever pieces it comes; others are gathered. */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #headBytes = Buffer.allocUnsafe(frameHeadBytes)
  readonly #head: FrameHead = { type: 0, flags: 0, stream: 0, length: 0 }
  #headLength = 0
  /** Payload that has yet to come, of DATA without its padding. */
  #left = 0
  #paddingLeft = 0
  #isInFrame = false
  #awaitsPadLength = false
  #gathered: Buffer | undefined

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  read(bytes: Buffer, from = 0): Violation | undefined {
    let at = from
    while (at < bytes.length || (this.#isInFrame && this.#isWhole)) {
      if (!this.#isInFrame) {
        at = this.#readHead(bytes, at)
        if (this.#headLength < frameHeadBytes) return undefined
        const fault = this.#begin()
        if (fault !== undefined) return fault
        continue
      }
      const next = this.#head.type === frameType.data ? this.#readData(bytes, at) : this.#readPayload(bytes, at)
      if (typeof next !== 'number') return next
      at = next
    }
    return undefined
  }

  get #isWhole(): boolean {
    return this.#left === 0 && this.#paddingLeft === 0 && !this.#awaitsPadLength
  }

  #readHead(bytes: Buffer, at: number): number {
    const wanted = Math.min(frameHeadBytes - this.#headLength, bytes.length - at)
    for (let index = 0; index < wanted; index++) this.#headBytes[this.#headLength + index] = bytes[at + index]!
    this.#headLength += wanted
    return at + wanted
  }

  #begin(): Violation | undefined {
    const bytes = this.#headBytes
    const head = this.#head
    head.length = (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!
    head.type = bytes[3]!
    head.flags = bytes[4]!
    head.stream = ((bytes[5]! & 0x7f) << 24) | (bytes[6]! << 16) | (bytes[7]! << 8) | bytes[8]!
    if (head.length > maxFrameBytes) return violation('frameSizeError', `a frame of ${head.length} bytes`)
    this.#left = head.length
    this.#paddingLeft = 0
    this.#awaitsPadLength = head.type === frameType.data && (head.flags & flag.padded) !== 0
    if (this.#awaitsPadLength && head.length === 0) return violation('frameSizeError', 'padding without its length')
    this.#isInFrame = true
    return this.#sink.begin(head)
  }

  #end(): void {
    this.#isInFrame = false
    this.#headLength = 0
    this.#gathered = undefined
  }

  #readData(bytes: Buffer, from: number): number | Violation {
    let at = from
    if (this.#awaitsPadLength) {
      const padding = bytes[at++]!
      this.#awaitsPadLength = false
      this.#left -= 1 + padding
      this.#paddingLeft = padding
      if (this.#left < 0) return violation('protocolError', 'padding that is longer than its frame')
    }
    const passed = Math.min(this.#left, bytes.length - at)
    if (passed > 0) this.#sink.data(bytes.subarray(at, at + passed))
    this.#left -= passed
    const skipped = Math.min(this.#paddingLeft, bytes.length - at - passed)
    this.#paddingLeft -= skipped
    if (this.#isWhole) {
      this.#end()
      this.#sink.dataEnd(this.#head)
    }
    return at + passed + skipped
  }

  #readPayload(bytes: Buffer, at: number): number | Violation | undefined {
    const { length } = this.#head
    const passed = Math.min(this.#left, bytes.length - at)
    this.#left -= passed
    if (this.#gathered === undefined && passed === length) {
      this.#end()
      return this.#sink.frame(this.#head, bytes, at, at + length) ?? at + length
    }
    const gathered = (this.#gathered ??= Buffer.allocUnsafe(length))
    bytes.copy(gathered, length - this.#left - passed, at, at + passed)
    if (this.#left > 0) return at + passed
    this.#end()
    return this.#sink.frame(this.#head, gathered, 0, length) ?? at + passed
  }
}
