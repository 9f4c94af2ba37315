import { ProxyError } from '../errors.ts'
import type { Body, BodySink } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'
import type { Connection } from '../net/connection.ts'
import { chunkHeader, lastChunk } from './body-encoder.ts'
import type { Framing } from './framing.ts'

export interface WriterOwner {
  /** The message has been handed to the connection, whole. */
  messageWritten(): void
  /** The body broke off or did not keep to its framing: what was written so far is not a whole message. */
  messageFailed(error: ProxyError): void
}

/**
 * Head and small body leave in one write: they are gathered here. One buffer serves all connections, since gathering
 * never outlasts a synchronous call; a nested writer finds it taken and writes piece by piece.
 */
const gatherBytes = 64 * 1024
const gathered = Buffer.allocUnsafeSlow(gatherBytes)
let gatherer: MessageWriter | undefined

const crlf = Buffer.from('\r\n')

/** Writes one message, head and body, with the framing that its head announces. */
export class MessageWriter implements BodySink {
  /** Body bytes taken so far, without chunk framing. */
  bodyBytes = 0
  readonly #connection: Connection
  readonly #framing: Framing
  readonly #owner: WriterOwner
  readonly #body: Body
  #state: 'writing' | 'done' = 'writing'
  #gatheredBytes = 0

  constructor(message: { connection: Connection; framing: Framing; body: Body }, owner: WriterOwner) {
    this.#connection = message.connection
    this.#framing = message.framing
    this.#body = message.body
    this.#owner = owner
  }

  /** `head` is latin-1 text, blank line included. */
  start(head: string): void {
    const gathers = this.#gather()
    if (!gathers || head.length > gatherBytes) this.#send(Buffer.from(head, 'latin1'))
    else this.#gatheredBytes = gathered.latin1Write(head, 0)
    if (this.#framing.kind === 'none') this.end([])
    else this.#body.pipe(this)
    this.#release()
  }

  write(piece: Uint8Array): boolean {
    if (this.#state === 'done') return true
    this.bodyBytes += piece.length
    if (this.#framing.kind === 'length' && this.bodyBytes > this.#framing.bytes) {
      this.#abandon(`body is longer than its Content-Length of ${this.#framing.bytes}`)
      return true
    }
    if (this.#framing.kind !== 'chunked') return this.#send(piece)
    if (piece.length === 0) return true
    const wasGathering = gatherer === this
    this.#gather()
    this.#send(chunkHeader(piece.length))
    this.#send(piece)
    const flowing = this.#send(crlf)
    return wasGathering ? flowing : this.#release()
  }

  end(trailers: Headers): void {
    if (this.#state === 'done') return
    if (this.#framing.kind === 'length' && this.bodyBytes < this.#framing.bytes) {
      return this.#abandon(`body ended after ${this.bodyBytes} of ${this.#framing.bytes} bytes`)
    }
    if (this.#framing.kind === 'chunked') this.#send(lastChunk(trailers))
    this.#release()
    this.#state = 'done'
    this.#owner.messageWritten()
  }

  fail(error: ProxyError): void {
    if (this.#state === 'done') return
    this.#release()
    this.#state = 'done'
    this.#owner.messageFailed(error)
  }

  /** The connection has taken everything: more may come. */
  drained(): void {
    if (this.#state === 'writing') this.#body.resume()
  }

  /** The connection is gone, or nobody wants this message any more. */
  cancel(reason: ProxyError): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    if (gatherer === this) gatherer = undefined
    this.#body.cancel(reason)
  }

  /**
   * Sends a byte that changes nothing, so that a peer which has closed answers with a reset: a zero in front of the
   * next chunk size (RFC 9112 §7.1 allows leading zeros). At most once, since recipients bound the length of a size.
   * Other framings have no room for one; there the next piece of the body tells.
   */
  probe(): void {
    if (this.#state === 'writing' && this.#framing.kind === 'chunked') this.#connection.write(Buffer.from('0'))
  }

  #abandon(detail: string): void {
    const error = new ProxyError('upstream.truncated', detail)
    this.fail(error)
    this.#body.cancel(error)
  }

  #gather(): boolean {
    if (gatherer === undefined) gatherer = this
    return gatherer === this
  }

  #send(bytes: Uint8Array): boolean {
    if (gatherer !== this) return this.#connection.write(bytes)
    if (this.#gatheredBytes + bytes.length <= gatherBytes) {
      gathered.set(bytes, this.#gatheredBytes)
      this.#gatheredBytes += bytes.length
      return true
    }
    this.#flush()
    return this.#connection.write(bytes)
  }

  #flush(): boolean {
    if (this.#gatheredBytes === 0) return true
    const length = this.#gatheredBytes
    this.#gatheredBytes = 0
    return this.#connection.writeShared(gathered, length)
  }

  /** Ends the gathering. False: the connection has not taken everything. */
  #release(): boolean {
    if (gatherer !== this) return true
    const flowing = this.#flush()
    gatherer = undefined
    return flowing
  }
}
