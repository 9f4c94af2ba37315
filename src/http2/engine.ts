import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { free } from '../net/free.ts'
import { ClosedStreams } from './closed-streams.ts'
import {
  errorCode,
  flag,
  initialWindowBytes,
  maxFrameBytes,
  mostWindowBytes,
  preface,
  violation,
  type Violation,
} from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { HpackDecoder, type DecodedFields } from './hpack/decoder.ts'
import { HpackEncoder } from './hpack/encoder.ts'
import { IncomingFrames, type FrameOwner } from './incoming-frames.ts'
import type { StreamEnd } from './message-stream.ts'
import { PeerPatience } from './peer-patience.ts'
import { settingId, type SettingsChange } from './settings.ts'
import { Http2Stream, type StreamCarrier } from './stream.ts'

export interface EngineOptions {
  /** Who opens streams: a server's peer does, a client does itself. */
  readonly role: 'server' | 'client'
  /** What the peer may send of one stream, and of all, before somebody has read it. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** Of the peer; 0 for a client, which takes none. */
  readonly maxConcurrentStreams: number
  readonly decoderTableBytes: number
  readonly encoderTableBytes: number
  /** Of one field section, compressed and not. */
  readonly maxHeaderBytes: number
}

export interface EngineOwner {
  /** The peer has opened a stream; the owner attaches a listener to it or resets it. */
  opened(stream: Http2Stream, section: DecodedFields, endStream: boolean): void
  settingsReceived(change: SettingsChange): void
  goawayReceived(): void
  /** Bytes have come and been dealt with. */
  heard(): void
  /** The peer has broken the protocol. It is told, and `closed` follows. */
  violated(violation: Violation): void
  /** The connection carries nothing any more; its streams have been closed. `error`: not in an orderly way. */
  closed(error: Error | undefined): void
}

/** How long a peer may take to read what was written before the end (a GOAWAY, say) and to end its own side. */
const lingerMs = 1000
/** Answers to PING and SETTINGS that may wait for a peer that does not read them; then it is not read either. */
const mostUnsentBytes = 256 * 1024
const pingPayload = Buffer.from('sluice\0\0', 'latin1')

/**
 *     open ──close()──▶ closing ──last stream──▶ over
 *       └──violation, FIN, destroy()──────────────▲
 */
type State = 'open' | 'closing' | 'over'

/** One HTTP/2 connection of either role (RFC 9113): frames, windows and streams, and nothing of what they are for. */
export class Http2Engine implements Receiver, FrameOwner, StreamCarrier {
  readonly streamWindowBytes: number
  readonly #connection: Connection
  readonly #options: EngineOptions
  readonly #owner: EngineOwner
  readonly #writer: FrameWriter
  readonly #reader: FrameReader
  readonly #frames: IncomingFrames
  readonly #patience: PeerPatience | undefined
  readonly #encoder: HpackEncoder
  readonly #streams = new Map<number, Http2Stream>()
  readonly #closed = new ClosedStreams()
  /** Streams that wait for the connection, each in its turn. */
  readonly #waiting = new Set<Http2Stream>()
  readonly #lingering = new Deadline(() => this.#connection.close())
  readonly #pongs: (() => void)[] = []
  #state: State = 'open'
  #prefaceBytes = 0
  #provoked: Violation | undefined
  /** The greatest number of a stream that was opened. */
  #lastStream: number
  #streamSendWindow = initialWindowBytes
  #sendWindow = initialWindowBytes
  #receiveWindow: number
  #creditBytes = 0

  constructor(connection: Connection, options: EngineOptions, owner: EngineOwner) {
    this.#connection = connection
    this.#options = options
    this.#owner = owner
    this.streamWindowBytes = options.streamWindowBytes
    this.#receiveWindow = options.connectionWindowBytes
    this.#lastStream = options.role === 'server' ? 0 : -1
    this.#writer = new FrameWriter(connection)
    this.#encoder = new HpackEncoder(options.encoderTableBytes)
    this.#patience = options.role === 'server' ? new PeerPatience() : undefined
    this.#frames = new IncomingFrames(this, {
      decoder: new HpackDecoder(options.decoderTableBytes, options.maxHeaderBytes),
      patience: this.#patience,
      maxHeaderBlockBytes: options.maxHeaderBytes,
    })
    this.#reader = new FrameReader(this.#frames)
    connection.attach(this)
    this.#introduce()
  }

  get streamCount(): number {
    return this.#streams.size
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  get isInFieldSection(): boolean {
    return this.#frames.isInFieldSection
  }

  /** A request of ours. */
  open(): Http2Stream {
    this.#lastStream += 2
    return this.#add(this.#lastStream)
  }

  /** False when the numbers of streams, or the connection, have come to an end. */
  get canOpen(): boolean {
    return this.#state === 'open' && this.#lastStream + 2 <= mostWindowBytes
  }

  ping(answered: () => void): void {
    this.#pongs.push(answered)
    this.#writer.ping(0, pingPayload)
  }

  /** Warns the peer that streams above `lastStream` will not be taken. */
  goaway(lastStream: number): void {
    this.#writer.goaway(lastStream, errorCode.noError)
  }

  /** Takes no more streams, and ends after those that are open. */
  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.goaway(this.#lastOfPeer)
    this.#endIfDone()
  }

  /** Ends it now. `reason`: what the peer has done. */
  destroy(reason?: Violation): void {
    if (this.#state === 'over') return
    if (reason !== undefined) this.#writer.goaway(this.#lastOfPeer, reason.code)
    this.#finish(undefined)
    this.#writer.flush()
    // A close at once would reset the connection, and the peer lose the frame that says why.
    this.#connection.resume()
    this.#connection.end()
    if (this.#connection.isClosed) return
    this.#lingering.set(lingerMs)
  }

  received(bytes: Buffer): void {
    this.take(bytes)
    free(bytes)
  }

  /** Takes bytes of the peer that are not the connection's to free: those that were read while the protocol was identified. */
  take(bytes: Buffer): void {
    if (this.#state === 'over') return
    const fault = this.#read(bytes) ?? this.#provoked
    if (fault !== undefined) this.violate(fault)
    else if (this.#writer.unsentBytes > mostUnsentBytes) this.#connection.pause()
    this.#owner.heard()
  }

  violate(fault: Violation): void {
    if (this.isOver) return
    this.#owner.violated(fault)
    this.destroy(fault)
  }

  /** Who has sent a FIN opens no window any more: nothing could be finished. */
  ended(): void {
    if (this.isOver) this.#connection.close()
    else this.destroy()
  }

  closed(error: Error | undefined): void {
    this.#lingering.dispose()
    this.#finish(error)
  }

  drained(): void {
    this.#writer.drained()
    this.#connection.resume()
    this.#pump()
  }

  stream(id: number): Http2Stream | undefined {
    return this.#streams.get(id)
  }

  isIdle(id: number): boolean {
    return id > this.#lastStream || id % 2 === 0
  }

  judgeLate(id: number, frame: string): Violation | undefined {
    // A server may be in the middle of an answer that is not wanted any more.
    if (this.#options.role === 'client' || this.#closed.wasReset(id)) return undefined
    return violation('streamClosed', `a ${frame} frame on a stream that the client has ended`)
  }

  receiveOpening(id: number, section: DecodedFields, endStream: boolean): Violation | undefined {
    if (this.isOver) return undefined
    if (this.#options.role === 'client') {
      return this.isIdle(id) ? violation('protocolError', 'an answer that nobody has asked for') : undefined
    }
    if (id % 2 === 0) return violation('protocolError', 'a stream with an even number')
    if (!this.isIdle(id)) {
      if (!this.#closed.wasPassedOver(id)) return this.judgeLate(id, 'HEADERS')
      return violation('protocolError', 'a stream number that is not greater than those before')
    }
    this.#closed.opened(id, this.#lastStream)
    this.#lastStream = id
    if (this.#state !== 'open' || this.#streams.size >= this.#options.maxConcurrentStreams) {
      if (!endStream) this.#closed.reset(id)
      this.#writer.resetStream(id, errorCode.refusedStream)
      return undefined
    }
    const stream = this.#add(id)
    this.#owner.opened(stream, section, endStream)
    if (endStream) stream.receiveEnd()
    return undefined
  }

  receiveSettings(change: SettingsChange): Violation | undefined {
    const { headerTableBytes, initialWindowBytes: windowBytes } = change
    this.#writer.settingsAck()
    if (headerTableBytes !== undefined) this.#encoder.allow(headerTableBytes)
    if (windowBytes !== undefined) {
      const difference = windowBytes - this.#streamSendWindow
      this.#streamSendWindow = windowBytes
      for (const stream of this.#streams.values()) {
        if (!stream.widen(difference)) return violation('flowControlError', 'a window above 2^31-1')
      }
      for (const stream of [...this.#streams.values()]) stream.pump()
    }
    this.#owner.settingsReceived(change)
    return undefined
  }

  receivePing(payload: Buffer, isAnswer: boolean): void {
    if (isAnswer) this.#pongs.shift()?.()
    else this.#writer.ping(flag.ack, payload)
  }

  receiveGoaway(lastStream: number): void {
    if (this.#options.role === 'client') {
      for (const stream of [...this.#streams.values()]) {
        if (stream.id > lastStream) stream.close({ kind: 'lost', isUnprocessed: true })
      }
    }
    this.#owner.goawayReceived()
  }

  receiveWindow(bytes: number): Violation | undefined {
    this.#sendWindow += bytes
    if (this.#sendWindow > mostWindowBytes) return violation('flowControlError', 'a window above 2^31-1')
    this.#pump()
    return undefined
  }

  expect(bytes: number): boolean {
    this.#receiveWindow -= bytes
    return this.#receiveWindow >= 0
  }

  consumed(bytes: number): void {
    this.#creditBytes += bytes
    if (this.#creditBytes < this.#options.connectionWindowBytes / 2 || this.isOver) return
    this.#writer.windowUpdate(0, this.#creditBytes)
    this.#receiveWindow += this.#creditBytes
    this.#creditBytes = 0
  }

  quota(): number {
    return this.#writer.isBlocked ? 0 : Math.min(this.#sendWindow, maxFrameBytes)
  }

  awaitQuota(stream: Http2Stream): void {
    this.#waiting.add(stream)
  }

  sendFields({ id }: Http2Stream, fields: readonly string[], endStream: boolean): void {
    const length = this.#encoder.encode(fields)
    this.#writer.head(id, this.#encoder.bytes, length, endStream)
  }

  sendData(
    { id }: Http2Stream,
    piece: Uint8Array,
    { from, to, endStream }: { from: number; to: number; endStream: boolean },
  ): void {
    this.#sendWindow -= to - from
    this.#writer.data(id, piece, from, to, endStream)
  }

  sendReset({ id }: Http2Stream, code: number): void {
    this.#writer.resetStream(id, code)
    // Who makes us reset costs as much as who resets (CVE-2025-8671).
    if (code === errorCode.protocolError || code === errorCode.flowControlError) {
      this.#provoked ??= this.#patience?.reset()
    }
  }

  sendWindow({ id }: Http2Stream, bytes: number): void {
    this.#writer.windowUpdate(id, bytes)
  }

  forget(stream: Http2Stream, end: StreamEnd): void {
    this.#streams.delete(stream.id)
    this.#waiting.delete(stream)
    if (end.kind === 'reset' && end.by === 'us' && !stream.hasReceivedEnd) this.#closed.reset(stream.id)
    this.#endIfDone()
  }

  get #lastOfPeer(): number {
    return this.#options.role === 'server' ? this.#lastStream : 0
  }

  #introduce(): void {
    const { role, streamWindowBytes, connectionWindowBytes, decoderTableBytes, maxHeaderBytes } = this.#options
    const { maxConcurrentStreams } = this.#options
    if (role === 'client') this.#writer.raw(preface)
    this.#writer.settings([
      [settingId.headerTableSize, decoderTableBytes],
      role === 'client' ? [settingId.enablePush, 0] : [settingId.maxConcurrentStreams, maxConcurrentStreams],
      [settingId.initialWindowSize, streamWindowBytes],
      [settingId.maxHeaderListSize, maxHeaderBytes],
      ...(role === 'client' ? [] : [[settingId.enableConnectProtocol, 1] as const]),
    ])
    this.#writer.windowUpdate(0, connectionWindowBytes - initialWindowBytes)
  }

  #add(id: number): Http2Stream {
    const stream = new Http2Stream(id, this, this.#streamSendWindow)
    this.#streams.set(id, stream)
    return stream
  }

  #read(bytes: Buffer): Violation | undefined {
    if (this.#options.role === 'client' || this.#prefaceBytes === preface.length) return this.#reader.read(bytes)
    let at = 0
    for (; at < bytes.length && this.#prefaceBytes < preface.length; at++) {
      if (bytes[at] !== preface[this.#prefaceBytes++]) return violation('protocolError', 'no HTTP/2 preface')
    }
    return this.#reader.read(bytes, at)
  }

  #pump(): void {
    for (const stream of this.#waiting) {
      if (this.quota() <= 0) return
      this.#waiting.delete(stream)
      stream.pump()
    }
  }

  #endIfDone(): void {
    if (this.#state === 'closing' && this.#streams.size === 0) this.destroy()
  }

  #finish(error: Error | undefined): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    for (const stream of [...this.#streams.values()]) stream.close({ kind: 'lost', isUnprocessed: false })
    this.#owner.closed(error)
  }
}
