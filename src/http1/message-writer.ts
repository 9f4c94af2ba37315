import { ProxyError } from '../errors.ts'
import type { Body, BodySink } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'
import type { Connection } from '../net/connection.ts'
import { free } from '../net/free.ts'
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
const gatherBytes = 80 * 1024
const gathered = Buffer.allocUnsafeSlow(gatherBytes)
let gatherer: MessageWriter | undefined

const crlf = Buffer.from('\r\n')

/** From this size on a body is not copied to stand behind its head; the head is written in front of it instead. */
const inPlaceBytes = 16 * 1024

/**
 * A head whose body has not begun to come waits this long for it: servers often send the two apart, and a packet of
 * its own costs more than all that is done to the head.
 */
const headHoldMs = 1
const holding = new Set<MessageWriter>()
let holdTimer: Timer | undefined

function releaseHeads(): void {
  holdTimer = undefined
  for (const writer of [...holding]) writer.releaseHead()
}

/**
 * Writes a message of which all is here, and small, in one go: most messages, without a MessageWriter. False for the
 * others, of which nothing has been written then.
 */
export function writeAtOnce(message: { connection: Connection; framing: Framing; body: Body }, head: string): boolean {
  const { connection, framing, body } = message
  if (framing.kind === 'length' && framing.bytes > inPlaceBytes) return writeInPlace(message, head)
  if (gatherer !== undefined) return false
  let length = head.length
  if (framing.kind !== 'none') {
    if (framing.kind !== 'length' || body.isInMemory !== true) return false
    length += framing.bytes
  }
  if (length > gatherBytes) return false
  gathered.latin1Write(head, 0)
  if (framing.kind === 'length') {
    body.copyWhole!(gathered, head.length)
    body.cancel(alreadyWritten)
  }
  connection.writeShared(gathered, length)
  return true
}

/** The head goes into the room before a large body, where the head was that it came with. */
function writeInPlace({ connection, body }: { connection: Connection; body: Body }, head: string): boolean {
  const bytes = body.takeBehind?.(head.length)
  if (bytes === undefined) return false
  bytes.latin1Write(head, 0)
  connection.writeOwned(bytes)
  return true
}

const alreadyWritten = new ProxyError('client.reset', 'the body has been written')

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
  #heldHead: string | undefined

  constructor(message: { connection: Connection; framing: Framing; body: Body }, owner: WriterOwner) {
    this.#connection = message.connection
    this.#framing = message.framing
    this.#body = message.body
    this.#owner = owner
  }

  /** `head` is latin-1 text, blank line included. */
  start(head: string): void {
    this.#sendHead(head)
    if (this.#framing.kind === 'none') this.end([])
    else this.#body.pipe(this)
    if (gatherer === this && this.bodyBytes === 0 && this.#state === 'writing') this.#holdHead(head)
    this.#release()
  }

  /** The body is a while in coming: its head goes ahead. */
  releaseHead(): void {
    const head = this.#takeHeldHead()
    if (head === undefined || this.#state === 'done') return
    this.#sendHead(head)
    this.#release()
  }

  write(piece: Uint8Array): boolean {
    return this.#state === 'done' || this.#take(piece, false)
  }

  writeOwned(piece: Uint8Array): boolean {
    return this.#state === 'done' || this.#take(piece, true)
  }

  #take(piece: Uint8Array, isOwned: boolean): boolean {
    const head = this.#takeHeldHead()
    if (head === undefined) return this.#writePiece(piece, isOwned)
    this.#sendHead(head)
    this.#writePiece(piece, isOwned)
    this.#release()
    return this.#connection.isFlowing
  }

  #writePiece(piece: Uint8Array, isOwned: boolean): boolean {
    this.bodyBytes += piece.length
    if (this.#framing.kind === 'length' && this.bodyBytes > this.#framing.bytes) {
      this.#abandon(`body is longer than its Content-Length of ${this.#framing.bytes}`)
      return true
    }
    if (this.#framing.kind !== 'chunked') return this.#send(piece, isOwned)
    if (piece.length === 0) return true
    const wasGathering = gatherer === this
    this.#gather()
    this.#send(chunkHeader(piece.length))
    this.#send(piece, isOwned)
    const flowing = this.#send(crlf)
    return wasGathering ? flowing : this.#release()
  }

  #sendHead(head: string): void {
    if (this.#gather() && head.length <= gatherBytes) this.#gatheredBytes = gathered.latin1Write(head, 0)
    else this.#send(Buffer.from(head, 'latin1'))
  }

  #holdHead(head: string): void {
    this.#gatheredBytes = 0
    this.#heldHead = head
    holding.add(this)
    holdTimer ??= setTimeout(releaseHeads, headHoldMs)
  }

  #takeHeldHead(): string | undefined {
    const head = this.#heldHead
    if (head === undefined) return undefined
    this.#heldHead = undefined
    holding.delete(this)
    return head
  }

  end(trailers: Headers): void {
    if (this.#state === 'done') return
    const head = this.#takeHeldHead()
    if (head !== undefined) this.#sendHead(head)
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
    this.releaseHead()
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
    this.#takeHeldHead()
    if (gatherer === this) gatherer = undefined
    this.#body.cancel(reason)
  }

  /**
   * Sends a byte that changes nothing, so that a peer which has closed answers with a reset: a zero in front of the
   * next chunk size (RFC 9112 §7.1 allows leading zeros). At most once, since recipients bound the length of a size.
   * Other framings have no room for one; there the next piece of the body tells.
   */
  probe(): void {
    this.releaseHead()
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

  #send(bytes: Uint8Array, isOwned = false): boolean {
    if (gatherer !== this) return this.#pass(bytes, isOwned)
    if (this.#gatheredBytes + bytes.length <= gatherBytes) {
      gathered.set(bytes, this.#gatheredBytes)
      this.#gatheredBytes += bytes.length
      if (isOwned) free(bytes)
      return true
    }
    this.#flush()
    return this.#pass(bytes, isOwned)
  }

  #pass(bytes: Uint8Array, isOwned: boolean): boolean {
    return isOwned ? this.#connection.writeOwned(bytes) : this.#connection.write(bytes)
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
