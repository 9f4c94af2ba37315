import { errorCode } from '../http2/frame.ts'
import type { MessageStream, StreamEnd, StreamListener } from '../http2/message-stream.ts'
import { quicDrained, quicFlushed, type QuicRequestStream } from '../net/quic.ts'
import { fromHttp2Code } from './error-code.ts'
import { fieldObject, fieldPairs } from './fields.ts'
import type { WaitingBytes } from './waiting-bytes.ts'

export interface Http3StreamOwner {
  /** More of the body waits than may; what comes then is dropped. */
  overfull(): void
  closed(end: StreamEnd): void
}

export interface Http3StreamTerms {
  readonly waiting: WaitingBytes
  /**
   * The client has said that it makes use of trailers (RFC 9110 §6.5.1). Nobody else is sent any: the engine may put
   * them into the body (`quicFlushed`), and who doesn't ask for them is better off without.
   */
  readonly takesTrailers: boolean
}

/** A QUIC stream in the form of an HTTP/2 one, so that both protocols' exchanges are served by the same code. */
export class Http3Stream implements MessageStream {
  readonly ownsPieces = false
  hasSentEnd = false
  /** Told by the session, which learns of the stream before it knows what it is. */
  owner: Http3StreamOwner | undefined
  readonly #quic: QuicRequestStream
  readonly #waiting: WaitingBytes
  readonly #takesTrailers: boolean
  #listener: StreamListener | undefined
  /** What has come of the body and is held, or came before there was a listener. */
  #received: Buffer[] = []
  #heldBytes = 0
  #countedBytes = 0
  #isHeld = false
  #isReady = false
  #isOverfull = false
  #receivedBytes = 0
  #hasEnded = false
  #hasToldEnd = false
  #trailers: string[] | undefined
  #unsent: Uint8Array[] = []
  #writtenBytes = 0
  #ending: 'none' | readonly string[] = 'none'
  #end: StreamEnd | undefined

  constructor(quic: QuicRequestStream, { waiting, takesTrailers }: Http3StreamTerms) {
    this.#quic = quic
    this.#waiting = waiting
    this.#takesTrailers = takesTrailers
    quic.onerror = ignored
    quic.ontrailers = (block) => (this.#trailers = [...fieldPairs(block)])
    const over = () => this.#over()
    quic.closed.then(over, over)
    void this.#pump()
  }

  get isClosed(): boolean {
    return this.#end !== undefined
  }

  /** The client has ended it before its time. */
  get wasTakenBack(): boolean {
    return this.#end?.kind === 'reset' && this.#end.by === 'peer'
  }

  /** True once the client has ended the request without a body. */
  get hasEndedEmpty(): boolean {
    return this.#hasEnded && this.#receivedBytes === 0
  }

  /** Bytes are handed on from the next turn on, when the listener knows what they are. */
  attach(listener: StreamListener): void {
    this.#listener = listener
    setImmediate(() => {
      this.#isReady = true
      this.#deliver()
    })
  }

  sendFields(fields: readonly string[], endStream: boolean): void {
    if (this.#end !== undefined) return
    const isInterim = fields[1]!.startsWith('1')
    if (isInterim) return void this.#quic.sendInformationalHeaders(fieldObject(fields))
    const isTooLong = fields.some((text) => text.length > mostFieldBytes)
    if (isTooLong || !this.#quic.sendHeaders(fieldObject(fields), { terminal: endStream })) {
      throw new Error('a head with more than 128 fields, or with one of more than 64 KiB')
    }
    if (endStream) this.#sentEnd()
  }

  write(piece: Uint8Array, isLast: boolean): boolean {
    if (this.#end !== undefined || this.#ending !== 'none') return true
    if (isLast) this.#ending = []
    this.#unsent.push(piece)
    return this.#unsent.length > 1 ? false : this.#flush()
  }

  /** The engine keeps what it is given for as long as it needs it. */
  writeOwned(piece: Uint8Array, isLast: boolean): boolean {
    return this.write(piece, isLast)
  }

  finish(trailers: readonly string[]): void {
    if (this.#end !== undefined || this.#ending !== 'none') return
    this.#ending = trailers
    if (this.#unsent.length === 0) this.#flush()
  }

  reset(code: number): void {
    if (this.#end !== undefined) return
    const quic = this.#quic
    if (!quic.destroyed) {
      // Of a response that is whole, only the rest of its request is of no use.
      if (!this.hasSentEnd) quic.resetStream(fromHttp2Code(code))
      quic.stopSending(fromHttp2Code(code))
    }
    this.#close({ kind: 'reset', by: 'us', code })
  }

  hold(): void {
    this.#isHeld = true
  }

  want(): void {
    this.#isHeld = false
    if (this.#isReady) this.#deliver()
  }

  async #pump(): Promise<void> {
    try {
      for await (const pieces of this.#quic) {
        for (const piece of pieces) this.#receive(piece)
      }
    } catch {
      return this.#over()
    }
    this.#hasEnded = true
    // A connection that is lost looks like the end of the body at first, and trailers are told after it.
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (this.#quic.destroyed) this.#over()
    else if (this.#isReady) this.#deliver()
  }

  #receive(piece: Uint8Array): void {
    if (this.#end !== undefined || this.#isOverfull) return
    this.#receivedBytes += piece.length
    this.#heldBytes += piece.length
    this.#received.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
    if (this.#isReady) this.#deliver()
    if (this.#count()) return
    this.#isOverfull = true
    this.owner?.overfull()
  }

  #deliver(): void {
    while (!this.#isHeld && this.#received.length > 0 && this.#end === undefined) {
      const piece = this.#received.shift()!
      this.#heldBytes -= piece.length
      this.#listener?.receivedData(piece)
    }
    this.#count()
    if (!this.#hasEnded || this.#hasToldEnd || this.#received.length > 0 || this.#end !== undefined) return
    this.#hasToldEnd = true
    if (this.#trailers !== undefined) {
      this.#listener?.receivedFields({ fields: this.#trailers, exceedsLimit: false }, true)
    }
    this.#listener?.receivedEnd()
  }

  #count(): boolean {
    const before = this.#countedBytes
    this.#countedBytes = this.#end === undefined ? this.#heldBytes : 0
    return this.#waiting.change(before, this.#countedBytes)
  }

  /** True when all has gone. */
  #flush(): boolean {
    const { writer } = this.#quic
    while (this.#unsent.length > 0) {
      if (writer.writeSync(this.#unsent[0]!)) {
        this.#writtenBytes += this.#unsent.shift()!.length
        continue
      }
      if (writer.desiredSize !== null) void quicDrained(this.#quic).then(() => this.#resume())
      return false
    }
    if (this.#ending !== 'none') this.#sendEnding(this.#ending)
    return true
  }

  #resume(): void {
    if (this.#end === undefined && this.#flush() && !this.hasSentEnd) this.#listener?.drained()
  }

  #sendEnding(trailers: readonly string[]): void {
    const quic = this.#quic
    const sendTrailers = () => quic.destroyed || void quic.sendTrailers(fieldObject(trailers))
    if (trailers.length > 0 && this.#takesTrailers)
      quic.onwanttrailers = () => void quicFlushed(quic, this.#writtenBytes).then(sendTrailers)
    quic.writer.endSync()
    this.#sentEnd()
  }

  #sentEnd(): void {
    this.hasSentEnd = true
    this.#listener?.sentEnd()
  }

  /** Nothing more can be read. What becomes of a request is of no interest once its response is written. */
  #over(): void {
    this.#close(this.hasSentEnd ? { kind: 'done' } : { kind: 'reset', by: 'peer', code: errorCode.cancel })
  }

  #close(end: StreamEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#received = []
    this.#unsent = []
    this.#count()
    this.#listener?.closed(end)
    this.owner?.closed(end)
  }
}

/** The engine sends a longer one in a form that no client can read, which costs the whole connection. */
const mostFieldBytes = 65_534

function ignored(): void {}
