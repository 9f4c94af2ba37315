import { constants } from 'node:http2'
import { Duplex } from 'node:stream'
import type { RawFields } from '../http2/request-head.ts'
import { quicDrained, quicFlushed, type QuicRequestStream } from '../net/quic.ts'
import { fromHttp2Code } from './error-code.ts'
import { fieldObject, fieldPairs } from './fields.ts'
import type { WaitingBytes } from './waiting-bytes.ts'

interface RespondOptions {
  readonly endStream?: boolean | undefined
  readonly waitForTrailers?: boolean | undefined
}

/** A QUIC stream in the form of an HTTP/2 one, so that both protocols' exchanges are served by the same code. */
export class Http3Stream extends Duplex {
  /** A code of HTTP/2, as whoever ends the stream sets it; not 0 when its request or response was cut short. */
  rstCode: number = constants.NGHTTP2_NO_ERROR
  /** The client has ended it before its time. */
  aborted = false
  readonly #quic: QuicRequestStream
  readonly #waiting: WaitingBytes
  #countedBytes = 0
  #isOverfull = false
  #receivedBytes = 0
  #hasEnded = false
  #awaitsTrailers = false
  #isWritten = false

  /** Emits `overfull` when more of the body waits than may; what comes then is dropped. */
  constructor(quic: QuicRequestStream, waiting: WaitingBytes) {
    super({ autoDestroy: false })
    this.#quic = quic
    this.#waiting = waiting
    // How it ended is told by its close.
    this.on('error', ignored)
    quic.onerror = ignored
    quic.ontrailers = (block) => this.emit('trailers', block, 0, fieldPairs(block))
    const over = () => this.#over()
    quic.closed.then(over, over)
    void this.#pump()
  }

  /** True once the client has ended the request without a body. */
  get hasEndedEmpty(): boolean {
    return this.#hasEnded && this.#receivedBytes === 0
  }

  /** Throws for a head that the engine can't send. */
  respond(fields: RawFields, options: RespondOptions): void {
    const { endStream = false, waitForTrailers = false } = options
    this.#awaitsTrailers = waitForTrailers
    const isTooLong = fields.some((text) => text.length > mostFieldBytes)
    if (isTooLong || !this.#quic.sendHeaders(fieldObject(fields), { terminal: endStream })) {
      throw new Error('a head with more than 128 fields, or with one of more than 64 KiB')
    }
    if (!endStream) return
    this.#isWritten = true
    this.end()
  }

  additionalHeaders(headers: Record<string, number | string | string[]>): void {
    this.#quic.sendInformationalHeaders({ ...headers, ':status': String(headers[':status']) } as HeaderObject)
  }

  sendTrailers(headers: HeaderObject): void {
    const quic = this.#quic
    const send = () => quic.destroyed || void quic.sendTrailers(headers)
    if (Object.keys(headers).length > 0) quic.onwanttrailers = () => void quicFlushed(quic).then(send)
  }

  /** The rest of the request is of no use; the response stays. */
  close(code: number): void {
    if (!this.#quic.destroyed) this.#quic.stopSending(fromHttp2Code(code))
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
    else if (!this.destroyed) this.push(null)
  }

  #receive(piece: Uint8Array): void {
    if (this.destroyed || this.#isOverfull) return
    this.#receivedBytes += piece.length
    this.push(piece)
    if (this.#count()) return
    this.#isOverfull = true
    this.emit('overfull')
  }

  #count(): boolean {
    const before = this.#countedBytes
    this.#countedBytes = this.destroyed ? 0 : this.readableLength
    return this.#waiting.change(before, this.#countedBytes)
  }

  /** Nothing more can be read. What becomes of a request is of no interest once its response is written. */
  #over(): void {
    if (this.destroyed) return
    if (!this.#isWritten) {
      this.aborted = true
      this.rstCode = constants.NGHTTP2_CANCEL
    }
    this.destroy()
  }

  override _read(): void {
    this.#count()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    const { writer } = this.#quic
    if (writer.writeSync(chunk)) return done()
    if (writer.desiredSize === null) return done(new Error('the stream is gone'))
    void quicDrained(this.#quic).then(() => this._write(chunk, _encoding, done))
  }

  override _final(done: () => void): void {
    if (this.#awaitsTrailers) this.emit('wantTrailers')
    if (!this.#isWritten) this.#quic.writer.endSync()
    this.#isWritten = true
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#count()
    const quic = this.#quic
    if (!quic.destroyed && this.rstCode !== constants.NGHTTP2_NO_ERROR) {
      const code = fromHttp2Code(this.rstCode)
      quic.resetStream(code)
      quic.stopSending(code)
    }
    done(error)
  }
}

/** The engine sends a longer one in a form that no client can read, which costs the whole connection. */
const mostFieldBytes = 65_534

type HeaderObject = Record<string, string | string[]>

function ignored(): void {}
