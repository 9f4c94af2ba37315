import { free } from '../net/free.ts'
import { errorCode, mostWindowBytes } from './frame.ts'
import type { DecodedFields } from './hpack/decoder.ts'
import type { MessageStream, StreamEnd, StreamListener } from './message-stream.ts'

/** What a stream needs of its connection. */
export interface StreamCarrier {
  readonly streamWindowBytes: number
  /** How much of this stream may be sent now: at most one frame, 0 when the connection can't take more. */
  quota(): number
  sendFields(stream: Http2Stream, fields: readonly string[], endStream: boolean): void
  sendData(stream: Http2Stream, piece: Uint8Array, range: { from: number; to: number; endStream: boolean }): void
  sendReset(stream: Http2Stream, code: number): void
  sendWindow(stream: Http2Stream, bytes: number): void
  /** `pump` is called when the connection can take more. */
  awaitQuota(stream: Http2Stream): void
  /** These octets of the peer have found a reader, or nobody wants them. */
  consumed(bytes: number): void
  /** The stream is closed. */
  forget(stream: Http2Stream, end: StreamEnd): void
}

/**
 * One stream of either side, from its first field section on (RFC 9113 §5.1: open, half-closed, closed).
 *
 * Flow control is end to end: what its listener holds (`hold`) does not open the peer's window again, and what the peer's
 * window or the connection does not take stays here, told by `write`.
 */
export class Http2Stream implements MessageStream {
  readonly ownsPieces = true
  readonly id: number
  readonly #carrier: StreamCarrier
  #listener: StreamListener | undefined
  #sendWindow: number
  #receiveWindow: number
  /** Read by the listener, but not yet given back to the peer's window. */
  #creditBytes = 0
  /** Received while the listener held. */
  #heldBytes = 0
  #isHeld = false
  #queue: Queued[] = nothingQueued
  /** Octets of the first queued piece that have been sent. */
  #sentOfFirst = 0
  /** What follows the queued pieces. */
  #ending: 'none' | 'end' | readonly string[] = 'none'
  #hasSentEnd = false
  #hasReceivedEnd = false
  #end: StreamEnd | undefined

  constructor(id: number, carrier: StreamCarrier, sendWindow: number) {
    this.id = id
    this.#carrier = carrier
    this.#sendWindow = sendWindow
    this.#receiveWindow = carrier.streamWindowBytes
  }

  attach(listener: StreamListener): void {
    this.#listener = listener
  }

  get isClosed(): boolean {
    return this.#end !== undefined
  }

  /** The peer has said END_STREAM. */
  get hasReceivedEnd(): boolean {
    return this.#hasReceivedEnd
  }

  get hasSentEnd(): boolean {
    return this.#hasSentEnd
  }

  sendFields(fields: readonly string[], endStream: boolean): void {
    if (this.#end !== undefined) return
    this.#carrier.sendFields(this, fields, endStream)
    if (endStream) this.#sentEnd()
  }

  write(piece: Uint8Array, isLast: boolean): boolean {
    return this.#write({ piece, isOwned: false }, isLast)
  }

  writeOwned(piece: Uint8Array, isLast: boolean): boolean {
    return this.#write({ piece, isOwned: true }, isLast)
  }

  #write(queued: Queued, isLast: boolean): boolean {
    if (this.#end !== undefined || this.#ending !== 'none') return true
    if (this.#queue.length > 0) this.#queue.push(queued)
    else this.#queue = [queued]
    if (isLast) this.#ending = 'end'
    return this.#queue.length > 1 ? false : this.#send()
  }

  finish(trailers: readonly string[]): void {
    if (this.#end !== undefined || this.#ending !== 'none') return
    this.#ending = trailers.length === 0 ? 'end' : trailers
    if (this.#queue.length === 0) this.#sendEnding()
  }

  reset(code: number): void {
    if (this.#end !== undefined) return
    this.#carrier.sendReset(this, code)
    this.close({ kind: 'reset', by: 'us', code })
  }

  /** The peer may send one window more. */
  hold(): void {
    this.#isHeld = true
  }

  want(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    const bytes = this.#heldBytes
    this.#heldBytes = 0
    if (bytes > 0) this.#credit(bytes)
  }

  /** A frame of so many octets comes; false: more than the peer's window. */
  expect(bytes: number): boolean {
    this.#receiveWindow -= bytes
    return this.#receiveWindow >= 0
  }

  /** The peer has sent more than its window. */
  overrun(): void {
    this.reset(errorCode.flowControlError)
  }

  receiveData(piece: Buffer): void {
    // A listener that is its only owner may have freed it.
    const { length } = piece
    if (this.#end === undefined) this.#listener?.receivedData(piece)
    this.consume(length)
  }

  /** Octets of the window that have no further use, or wait until the listener wants more. */
  consume(bytes: number): void {
    if (this.#end !== undefined) return this.#carrier.consumed(bytes)
    if (this.#isHeld) this.#heldBytes += bytes
    else this.#credit(bytes)
  }

  receiveFields(section: DecodedFields, endStream: boolean): void {
    this.#listener?.receivedFields(section, endStream)
  }

  receiveEnd(): void {
    if (this.#end !== undefined) return
    this.#hasReceivedEnd = true
    this.#listener?.receivedEnd()
    this.#closeIfDone()
  }

  receiveWindow(bytes: number): void {
    if (bytes === 0) return this.reset(errorCode.protocolError)
    if (!this.widen(bytes)) return this.reset(errorCode.flowControlError)
    this.pump()
  }

  /** False: a window that no peer may give (RFC 9113 §6.9.1). It may fall below zero (§6.9.2). */
  widen(bytes: number): boolean {
    this.#sendWindow += bytes
    return this.#sendWindow <= mostWindowBytes
  }

  /** Sends what waits, as far as it may go. */
  pump(): void {
    if (this.#queue.length > 0 && this.#send() && this.#end === undefined) this.#listener?.drained()
  }

  close(end: StreamEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#queue = nothingQueued
    this.#carrier.consumed(this.#heldBytes)
    this.#carrier.forget(this, end)
    this.#listener?.closed(end)
  }

  /** True when everything has gone. */
  #send(): boolean {
    while (this.#queue.length > 0) {
      const { piece, isOwned } = this.#queue[0]!
      const from = this.#sentOfFirst
      const room = Math.min(this.#carrier.quota(), this.#sendWindow)
      if (room <= 0) {
        // A window of its own that is used up is told by the peer to this stream alone.
        if (this.#sendWindow > 0) this.#carrier.awaitQuota(this)
        return false
      }
      const to = Math.min(piece.length, from + room)
      const isWhole = to === piece.length
      const endStream = isWhole && this.#queue.length === 1 && this.#ending === 'end'
      this.#sendWindow -= to - from
      this.#carrier.sendData(this, piece, { from, to, endStream })
      this.#sentOfFirst = isWhole ? 0 : to
      if (isWhole) {
        this.#queue.shift()
        if (isOwned) free(piece)
      }
      if (endStream) return this.#sentEnd()
    }
    this.#queue = nothingQueued
    if (this.#ending !== 'none') this.#sendEnding()
    return true
  }

  #sendEnding(): void {
    const ending = this.#ending
    if (typeof ending !== 'string') this.#carrier.sendFields(this, ending, true)
    else this.#carrier.sendData(this, noBytes, { from: 0, to: 0, endStream: true })
    this.#sentEnd()
  }

  #sentEnd(): true {
    this.#hasSentEnd = true
    this.#listener?.sentEnd()
    this.#closeIfDone()
    return true
  }

  #closeIfDone(): void {
    if (this.#hasSentEnd && this.#hasReceivedEnd) this.close({ kind: 'done' })
  }

  /** In steps of half a window: an update for each frame would cost more than the frame. */
  #credit(bytes: number): void {
    this.#carrier.consumed(bytes)
    this.#creditBytes += bytes
    if (this.#hasReceivedEnd || this.#creditBytes < this.#carrier.streamWindowBytes / 2) return
    this.#carrier.sendWindow(this, this.#creditBytes)
    this.#receiveWindow += this.#creditBytes
    this.#creditBytes = 0
  }
}

interface Queued {
  readonly piece: Uint8Array
  /** Nobody else looks at it: to be freed once it is sent. */
  readonly isOwned: boolean
}

/** Shared by all streams that have nothing queued; only ever replaced, never pushed to. */
const nothingQueued: Queued[] = []
const noBytes = new Uint8Array()
