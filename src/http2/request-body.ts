import { ProxyError } from '../errors.ts'
import { emptyBody, type Body } from '../http/body.ts'
import { noHeaders, type Headers } from '../http/headers.ts'
import { IncomingBody, type BodySource } from '../http1/incoming-body.ts'
import { minimumProgressBytes } from '../http1/request-body.ts'
import { Deadline } from '../net/deadline.ts'
import type { DecodedFields } from './hpack/decoder.ts'
import type { MessageStream } from './message-stream.ts'
import { readTrailers, type RequestHead } from './request-head.ts'

export interface RequestBodyOwner {
  /** The body can't be read: malformed or too slow. */
  bodyFailed(error: ProxyError): void
  /** The client is to be told that it may send the body. */
  sendContinue(): void
}

/** The body of a request, as it comes on its stream. While nobody wants it the stream's window is not opened again. */
export class RequestBody implements BodySource {
  /** For the handler. */
  readonly body: Body
  receivedBytes = 0
  readonly #stream: MessageStream
  readonly #owner: RequestBodyOwner
  readonly #readTimeoutMs: number
  readonly #incoming: IncomingBody | undefined
  readonly #deadline: Deadline | undefined
  #isWhole = false
  #progressBytes = 0
  #owesContinue = false
  #trailers: Headers = noHeaders

  constructor(
    stream: MessageStream,
    { head, isEnded, readTimeoutMs }: { head: RequestHead; isEnded: boolean; readTimeoutMs: number },
    owner: RequestBodyOwner,
  ) {
    this.#stream = stream
    this.#owner = owner
    this.#readTimeoutMs = readTimeoutMs
    this.#isWhole = isEnded
    if (isEnded || head.contentLength === 0) {
      this.body = emptyBody
      return
    }
    this.#deadline = new Deadline(() => this.#expired())
    this.#deadline.set(readTimeoutMs)
    this.#incoming = new IncomingBody(head.contentLength, this, stream)
    this.body = this.#incoming
    this.#owesContinue = head.expectContinue
  }

  /** True when the last byte has come. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Ends it for whoever reads it, without telling the owner. */
  abandon(error: ProxyError): void {
    this.#deadline?.dispose()
    this.#incoming?.fail(error)
  }

  holdBody(): void {
    this.#deadline?.clear()
    this.#stream.hold()
  }

  wantBody(): void {
    if (this.#isWhole) return
    if (this.#owesContinue) {
      this.#owesContinue = false
      this.#owner.sendContinue()
    }
    this.#deadline?.set(this.#readTimeoutMs)
    this.#stream.want()
  }

  /** What nobody reads is let go, so that its window frees the connection's; the response's end will stop the rest. */
  dropBody(): void {
    this.#stream.want()
  }

  receive(piece: Buffer): void {
    this.#owesContinue = false
    this.receivedBytes += piece.length
    const { length } = this.body
    if (length !== undefined && this.receivedBytes > length) return this.#fail('more bytes than its content-length')
    this.#progressBytes += piece.length
    if (this.#progressBytes >= minimumProgressBytes) {
      this.#progressBytes = 0
      this.#deadline?.set(this.#readTimeoutMs)
    }
    this.#incoming?.push(piece)
  }

  receiveTrailers({ fields, exceedsLimit }: DecodedFields, endStream: boolean): void {
    const trailers = exceedsLimit || !endStream ? undefined : readTrailers(fields)
    if (trailers === undefined) return this.#fail('malformed trailers')
    this.#trailers = trailers
  }

  finish(): void {
    if (this.#isWhole) return
    const { length } = this.body
    if (length !== undefined && this.receivedBytes < length) return this.#fail('fewer bytes than its content-length')
    this.#isWhole = true
    this.#deadline?.dispose()
    this.#incoming?.finish(this.#trailers)
  }

  #fail(detail: string): void {
    const error = new ProxyError('client.malformed', `a body with ${detail}`)
    this.abandon(error)
    this.#owner.bodyFailed(error)
  }

  #expired(): void {
    const seconds = this.#readTimeoutMs / 1000
    const error = new ProxyError(
      'client.bodyTimeout',
      `fewer than ${minimumProgressBytes} bytes of the body within ${seconds} s`,
    )
    this.abandon(error)
    this.#owner.bodyFailed(error)
  }
}
