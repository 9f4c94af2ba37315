import { ProxyError } from '../errors.ts'
import { emptyBody, type Body } from '../http/body.ts'
import type { Deadline } from '../net/deadline.ts'
import { bodyPieces, createDecoder, type BodyDecoder } from './body-decoder.ts'
import type { HeadLimits, RequestHead } from './head.ts'
import { IncomingBody, type BodySource } from './incoming-body.ts'

export interface RequestBodyOwner {
  /** The body can't be read: malformed, too slow, or too much of it that nobody wants. */
  bodyFailed(error: ProxyError): void
  /** The client is to be told that it may send the body. */
  sendContinue(): void
  pauseReading(): void
  resumeReading(): void
}

export interface RequestBodyOptions {
  readonly limits: HeadLimits
  /** In each such time `minimumProgressBytes` must come while the body is wanted; 0: no limit. */
  readonly readTimeoutMs: number
  /** The connection's deadline, which belongs to the body until its end. */
  readonly deadline: Deadline
}

/** A body must bring at least this many bytes within each `readTimeoutMs`, however long it takes in all. */
export const minimumProgressBytes = 1024
/** What is left of a body that nobody read is swallowed up to here to keep the connection (as Go does). */
const swallowLimitBytes = 256 * 1024

/**
 * The body of the request that a connection is serving, up to its last byte, read or not:
 *
 *     untouched ──first read──▶ forwarded ──consumer gives up──▶ swallowed ──▶ whole
 */
export class RequestBody implements BodySource {
  /** For the handler. */
  readonly body: Body
  receivedBytes = 0
  readonly #owner: RequestBodyOwner
  readonly #options: RequestBodyOptions
  readonly #incoming: IncomingBody | undefined
  #decoder: BodyDecoder | undefined
  #isSwallowed = false
  #swallowedBytes = 0
  #progressBytes = 0
  #owesContinue: boolean

  constructor(head: RequestHead, options: RequestBodyOptions, owner: RequestBodyOwner) {
    const { framing } = head
    this.#owner = owner
    this.#options = options
    this.#owesContinue = false
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) {
      this.body = emptyBody
      return
    }
    this.#decoder = createDecoder(framing, options.limits)
    this.#incoming = new IncomingBody(framing.kind === 'length' ? framing.bytes : undefined, this, bodyPieces(framing))
    this.body = this.#incoming
    this.#owesContinue = head.expectContinue
    options.deadline.set(options.readTimeoutMs)
  }

  /** True when the last byte has come. */
  get isWhole(): boolean {
    return this.#decoder === undefined
  }

  /** Whether a response may leave the connection open although the body is not whole yet. */
  get canBeSwallowed(): boolean {
    // A client that was never told to send its body may do so or not: the next bytes would be ambiguous.
    if (this.#owesContinue) return false
    return this.body.length === undefined || this.body.length <= swallowLimitBytes
  }

  /** Takes the body's bytes and gives the offset of the first one after it. */
  receive(bytes: Buffer, from: number): number {
    const decoder = this.#decoder
    if (decoder === undefined || from === bytes.length) return from
    // A client that sends before it was told to go on needs no telling (RFC 9110 §10.1.1).
    this.#owesContinue = false
    // Its pieces may have been sent and freed when the decoder comes back, and then it is empty.
    const { length } = bytes
    const result = decoder.decode(bytes, from, this.#incoming!)
    const end = result.kind === 'end' ? result.end : length
    this.#count(end - from)
    if (result.kind === 'bad') this.fail(new ProxyError('client.malformed', result.detail))
    if (result.kind === 'end') {
      this.#decoder = undefined
      this.#options.deadline.clear()
      this.#incoming!.finish(decoder.trailers)
    }
    return end
  }

  /** Nobody reads the rest, which must pass all the same before the next request. */
  swallow(reason: ProxyError): void {
    this.#isSwallowed = true
    // Else what comes would be kept for a reader, and the client be held when that is too much.
    this.#incoming?.fail(reason)
    this.#options.deadline.set(this.#options.readTimeoutMs)
    this.#owner.resumeReading()
  }

  /** Ends it for whoever reads it, without telling the owner. */
  abandon(error: ProxyError): void {
    this.#decoder = undefined
    this.#incoming?.fail(error)
  }

  fail(error: ProxyError): void {
    this.abandon(error)
    this.#owner.bodyFailed(error)
  }

  holdBody(): void {
    this.#options.deadline.clear()
    this.#owner.pauseReading()
  }

  wantBody(): void {
    if (this.#owesContinue) {
      this.#owesContinue = false
      this.#owner.sendContinue()
    }
    if (this.#decoder === undefined) return
    this.#options.deadline.set(this.#options.readTimeoutMs)
    this.#owner.resumeReading()
  }

  dropBody(reason: ProxyError): void {
    if (this.#decoder !== undefined) this.swallow(reason)
  }

  #count(bytes: number): void {
    this.receivedBytes += bytes
    if (this.#isSwallowed) this.#swallowedBytes += bytes
    if (this.#swallowedBytes > swallowLimitBytes) {
      return this.fail(new ProxyError('client.bodyTooLarge', 'too much of a body that nobody wants'))
    }
    this.#progressBytes += bytes
    if (this.#progressBytes < minimumProgressBytes) return
    this.#progressBytes = 0
    this.#options.deadline.set(this.#options.readTimeoutMs)
  }
}
