import { worthFreeingBytes } from '../net/free.ts'
import { flag, frameType, violation, type Violation } from './frame.ts'
import type { FrameHead, FrameSink } from './frame-reader.ts'
import type { DecodedFields, HpackDecoder } from './hpack/decoder.ts'
import { OpenBlock, type PeerPatience } from './peer-patience.ts'
import { readSettings, type SettingsChange } from './settings.ts'
import type { Http2Stream } from './stream.ts'

/** The connection that frames come from. */
export interface FrameOwner {
  /** An open stream. */
  stream(id: number): Http2Stream | undefined
  /** True when no stream of this number has been opened. */
  isIdle(id: number): boolean
  /** What to make of a frame for a stream that is closed; undefined: it may still come. */
  judgeLate(id: number, frame: string): Violation | undefined
  /** A field section on a stream that is not open. */
  receiveOpening(id: number, section: DecodedFields, endStream: boolean): Violation | undefined
  receiveSettings(change: SettingsChange): Violation | undefined
  receivePing(payload: Buffer, isAnswer: boolean): void
  receiveGoaway(lastStream: number, code: number): void
  /** More of the connection's window. */
  receiveWindow(bytes: number): Violation | undefined
  /** DATA takes so much of the connection's window; false: more than there is. */
  expect(bytes: number): boolean
  consumed(bytes: number): void
}

export interface IncomingFramesOptions {
  readonly decoder: HpackDecoder
  /** Undefined: the peer is not bounded in what it asks for. */
  readonly patience: PeerPatience | undefined
  readonly maxHeaderBlockBytes: number
}

/** Judges the frames of one connection by RFC 9113 §4 to §6, and tells its owner what they mean. */
export class IncomingFrames implements FrameSink {
  readonly #owner: FrameOwner
  readonly #options: IncomingFramesOptions
  #hasSettings = false
  #block: OpenBlock | undefined
  /** Of the DATA frame that is coming; undefined: nobody wants it. */
  #dataStream: Http2Stream | undefined
  #dataBytes = 0

  constructor(owner: FrameOwner, options: IncomingFramesOptions) {
    this.#owner = owner
    this.#options = options
  }

  /** True between a HEADERS frame and the end of its field section: bytes that nobody can use yet. */
  get isInFieldSection(): boolean {
    return this.#block !== undefined
  }

  begin(head: FrameHead): Violation | undefined {
    if (this.#block !== undefined && (head.type !== frameType.continuation || head.stream !== this.#block.stream)) {
      return violation('protocolError', 'a frame within a field section')
    }
    if (!this.#hasSettings && (head.type !== frameType.settings || (head.flags & flag.ack) !== 0)) {
      return violation('protocolError', 'no SETTINGS frame first')
    }
    return head.type === frameType.data ? this.#beginData(head) : undefined
  }

  data(piece: Buffer): void {
    this.#dataBytes += piece.length
    if (this.#dataStream === undefined) return this.#owner.consumed(piece.length)
    this.#dataStream.receiveData(aloneInMemory(piece))
  }

  dataEnd({ length, flags }: FrameHead): void {
    const stream = this.#dataStream
    const paddingBytes = length - this.#dataBytes
    this.#dataStream = undefined
    if (stream === undefined) return this.#owner.consumed(paddingBytes)
    if (paddingBytes > 0) stream.consume(paddingBytes)
    if ((flags & flag.endStream) !== 0) stream.receiveEnd()
  }

  frame(head: FrameHead, bytes: Buffer, start: number, end: number): Violation | undefined {
    switch (head.type) {
      case frameType.headers:
        return this.#headers(head, bytes, { start, end })
      case frameType.continuation:
        return this.#continuation(head, bytes.subarray(start, end))
      case frameType.windowUpdate:
        return this.#windowUpdate(head, bytes, start)
      case frameType.resetStream:
        return this.#resetStream(head, bytes, start)
      case frameType.settings:
        return this.#settings(head, bytes, { start, end })
      case frameType.ping:
        return this.#ping(head, bytes.subarray(start, end))
      case frameType.goaway:
        if (head.stream !== 0) return violation('protocolError', 'GOAWAY on a stream')
        if (head.length < 8) return violation('frameSizeError', 'a GOAWAY frame that is too short')
        this.#owner.receiveGoaway(bytes.readUInt32BE(start) & 0x7fff_ffff, bytes.readUInt32BE(start + 4))
        return undefined
      case frameType.priority:
        // Nothing comes of it (RFC 9113 §5.3), not even for a stream that depends on itself.
        if (head.stream === 0) return violation('protocolError', 'PRIORITY on no stream')
        if (head.length !== 5) return violation('frameSizeError', 'a PRIORITY frame that is not 5 bytes long')
        return this.#options.patience?.idleFrame('PRIORITY')
      case frameType.pushPromise:
        return violation('protocolError', 'a PUSH_PROMISE frame')
      default:
        return this.#options.patience?.idleFrame('unknown')
    }
  }

  #beginData({ stream: id, length, flags }: FrameHead): Violation | undefined {
    this.#dataBytes = 0
    this.#dataStream = undefined
    if (id === 0) return violation('protocolError', 'DATA on no stream')
    if (!this.#owner.expect(length)) return violation('flowControlError', "more than the connection's window")
    const stream = this.#owner.stream(id)
    if (stream === undefined) {
      return this.#owner.isIdle(id) ? neverOpened('DATA') : this.#owner.judgeLate(id, 'DATA')
    }
    if (stream.hasReceivedEnd) return violation('streamClosed', 'a DATA frame on a stream that was ended')
    if (stream.expect(length)) this.#dataStream = stream
    else stream.overrun()
    return length === 0 && (flags & flag.endStream) === 0 ? this.#options.patience?.idleFrame('empty DATA') : undefined
  }

  #headers(head: FrameHead, bytes: Buffer, range: { start: number; end: number }): Violation | undefined {
    if (head.stream === 0) return violation('protocolError', 'HEADERS on no stream')
    let { start, end } = range
    const fixedBytes = ((head.flags & flag.padded) !== 0 ? 1 : 0) + ((head.flags & flag.priority) !== 0 ? 5 : 0)
    if (end - start < fixedBytes) return violation('frameSizeError', 'a HEADERS frame that is too short')
    if ((head.flags & flag.padded) !== 0) end -= bytes[start]!
    start += fixedBytes
    if (start > end) return violation('protocolError', 'padding that is longer than its frame')
    if ((head.flags & flag.endHeaders) !== 0) return this.#section(head, bytes, { start, end })
    this.#block = new OpenBlock(head, Buffer.from(bytes.subarray(start, end)), this.#options.maxHeaderBlockBytes)
    return undefined
  }

  #continuation(head: FrameHead, part: Buffer): Violation | undefined {
    const block = this.#block
    if (block === undefined) return violation('protocolError', 'CONTINUATION of nothing')
    const fault = block.add(Buffer.from(part))
    if (fault !== undefined || (head.flags & flag.endHeaders) === 0) return fault
    this.#block = undefined
    const whole = block.whole()
    return this.#section(block, whole, { start: 0, end: whole.length })
  }

  /** Decoded whatever becomes of it, since all field sections share a table. */
  #section(
    { stream: id, flags }: { stream: number; flags: number },
    bytes: Buffer,
    { start, end }: { start: number; end: number },
  ): Violation | undefined {
    const section = this.#options.decoder.decode(bytes, start, end)
    if (section === undefined) return violation('compressionError', 'a field section that is not HPACK')
    const endStream = (flags & flag.endStream) !== 0
    const stream = this.#owner.stream(id)
    if (stream === undefined) return this.#owner.receiveOpening(id, section, endStream)
    if (stream.hasReceivedEnd) return violation('streamClosed', 'a HEADERS frame on a stream that was ended')
    stream.receiveFields(section, endStream)
    if (endStream) stream.receiveEnd()
    return undefined
  }

  #windowUpdate(head: FrameHead, bytes: Buffer, start: number): Violation | undefined {
    if (head.length !== 4) return violation('frameSizeError', 'a WINDOW_UPDATE frame that is not 4 bytes long')
    const increment = bytes.readUInt32BE(start) & 0x7fff_ffff
    if (head.stream === 0) {
      if (increment === 0) return violation('protocolError', 'a WINDOW_UPDATE frame of nothing')
      return this.#owner.receiveWindow(increment)
    }
    const stream = this.#owner.stream(head.stream)
    if (stream !== undefined) stream.receiveWindow(increment)
    else if (this.#owner.isIdle(head.stream)) return neverOpened('WINDOW_UPDATE')
    return undefined
  }

  #resetStream(head: FrameHead, bytes: Buffer, start: number): Violation | undefined {
    if (head.length !== 4) return violation('frameSizeError', 'a RST_STREAM frame that is not 4 bytes long')
    if (head.stream === 0) return violation('protocolError', 'RST_STREAM on no stream')
    if (this.#owner.isIdle(head.stream)) return neverOpened('RST_STREAM')
    this.#owner.stream(head.stream)?.close({ kind: 'reset', by: 'peer', code: bytes.readUInt32BE(start) })
    return this.#options.patience?.reset()
  }

  #settings(head: FrameHead, bytes: Buffer, { start, end }: { start: number; end: number }): Violation | undefined {
    if (head.stream !== 0) return violation('protocolError', 'SETTINGS on a stream')
    if ((head.flags & flag.ack) !== 0) {
      return head.length === 0 ? undefined : violation('frameSizeError', 'an answer to SETTINGS that is not empty')
    }
    const change = readSettings(bytes, start, end)
    if ('code' in change) return change
    this.#hasSettings = true
    return this.#owner.receiveSettings(change) ?? this.#options.patience?.idleFrame('SETTINGS')
  }

  #ping(head: FrameHead, payload: Buffer): Violation | undefined {
    if (head.stream !== 0) return violation('protocolError', 'PING on a stream')
    if (payload.length !== 8) return violation('frameSizeError', 'a PING frame that is not 8 bytes long')
    const isAnswer = (head.flags & flag.ack) !== 0
    this.#owner.receivePing(payload, isAnswer)
    return isAnswer ? undefined : this.#options.patience?.idleFrame('PING')
  }
}

/**
 * Frames of several streams come in one large piece of memory, which could only be freed when the last reader has done
 * with it. A copy of its own for each costs less than the garbage.
 */
function aloneInMemory(piece: Buffer): Buffer {
  if (piece.buffer.byteLength < worthFreeingBytes) return piece
  const copy = Buffer.allocUnsafeSlow(piece.length)
  copy.set(piece)
  return copy
}

/** RFC 9113 §5.1: a stream that is idle. */
function neverOpened(name: string): Violation {
  return violation('protocolError', `a ${name} frame on a stream that was never opened`)
}
