import { ProxyError } from '../errors.ts'
import type { Receiver } from '../net/connection.ts'
import type { TunnelEnd } from '../net/tunnel.ts'
import { errorCode } from './frame.ts'
import type { MessageStream, StreamEnd, StreamListener } from './message-stream.ts'

/** A stream as one end of a tunnel: END_STREAM is its FIN, RST_STREAM its reset (RFC 8441 §5). */
export class TunnelStream implements TunnelEnd, Pick<StreamListener, 'receivedData' | 'receivedEnd' | 'drained'> {
  isClosed = false
  readonly #stream: MessageStream
  #receiver: Receiver | undefined
  /** What has come before there was anybody to take it, and whether that was all. */
  #early: Buffer[] = []
  #isEnding = false
  #hasEnded = false

  constructor(stream: MessageStream) {
    this.#stream = stream
    stream.hold()
  }

  /** True once whoever is attached has been told. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver
  }

  receivedData(piece: Buffer): void {
    if (this.#receiver === undefined || this.#early.length > 0) this.#early.push(piece)
    else this.#receiver.received(piece)
  }

  receivedEnd(): void {
    this.#isEnding = true
    this.#endIfAllTaken()
  }

  drained(): void {
    this.#receiver?.drained()
  }

  streamClosed(end: StreamEnd): void {
    this.isClosed = true
    const isOrderly = end.kind === 'done' || (end.kind === 'reset' && end.code === errorCode.noError)
    const code = end.kind === 'reset' ? end.code : 'connection lost'
    this.#receiver?.closed(isOrderly ? undefined : new ProxyError('client.reset', `reset by the client (${code})`))
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes, false)
  }

  writeOwned(bytes: Uint8Array): boolean {
    return this.#stream.writeOwned(bytes, false)
  }

  pause(): void {
    this.#stream.hold()
  }

  resume(): void {
    const early = this.#early
    this.#early = []
    for (const piece of early) this.#receiver?.received(piece)
    this.#endIfAllTaken()
    this.#stream.want()
  }

  end(): void {
    this.#stream.finish([])
  }

  close(error?: Error): void {
    const isSent = error === undefined && this.#stream.hasSentEnd
    this.#stream.reset(isSent ? errorCode.noError : errorCode.cancel)
  }

  #endIfAllTaken(): void {
    if (!this.#isEnding || this.#hasEnded || this.#receiver === undefined || this.#early.length > 0) return
    this.#hasEnded = true
    this.#receiver.ended()
  }
}
