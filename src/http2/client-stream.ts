import { ProxyError } from '../errors.ts'
import { emptyBody, isEmptyBody } from '../http/body.ts'
import type { Cancellable } from '../http/exchange.ts'
import { noHeaders, type Headers } from '../http/headers.ts'
import type { HttpResponse } from '../http/message.ts'
import { hasNoBody } from '../http1/framing.ts'
import { IncomingBody, type BodySource } from '../http1/incoming-body.ts'
import { Deadline } from '../net/deadline.ts'
import type { OutgoingRequest } from '../upstream/transport.ts'
import type { Http2ConnectionOptions } from './client.ts'
import { pushFields } from './encode-fields.ts'
import type { Http2Engine } from './engine.ts'
import { errorCode } from './frame.ts'
import type { DecodedFields } from './hpack/decoder.ts'
import { readResponseHead, type ResponseHead } from './response-head.ts'
import type { StreamEnd, StreamListener } from './message-stream.ts'
import type { Http2Stream } from './stream.ts'
import { StreamWriter, type StreamWriterOwner } from './stream-writer.ts'
import { ConnectionLost, Unprocessed } from './unprocessed.ts'

export interface ClientStreamOwner {
  readonly options: Http2ConnectionOptions
  /** True once a response has come over the connection. */
  hasAnswered: boolean
  streamEnded(): void
}

/** How long a server is given to answer `Expect: 100-continue` before the body is sent all the same (as Go does). */
const continueTimeoutMs = 1000

/** One request on an HTTP/2 connection to an upstream, from its head to the close of its stream. */
export class ClientStream implements StreamListener, BodySource, StreamWriterOwner, Cancellable {
  readonly #engine: Http2Engine
  readonly #request: OutgoingRequest
  readonly #owner: ClientStreamOwner
  readonly #deadline = new Deadline(() => this.#expired())
  #stream: Http2Stream | undefined
  #writer: StreamWriter | undefined
  #awaiting: PromiseWithResolvers<HttpResponse> | undefined = Promise.withResolvers<HttpResponse>()
  #body: IncomingBody | undefined
  #receivedBytes = 0
  #trailers: Headers = noHeaders
  #failure: ProxyError | undefined
  #awaitsContinue = false

  constructor(engine: Http2Engine, request: OutgoingRequest, owner: ClientStreamOwner) {
    this.#engine = engine
    this.#request = request
    this.#owner = owner
  }

  send(): Promise<HttpResponse> {
    const { promise } = this.#awaiting!
    const { body, exchange } = this.#request
    if (exchange.cancelled !== undefined) return this.#unsent(exchange.cancelled)
    if (!this.#engine.canOpen) return this.#unsent(new Unprocessed('upstream.reset', 'the connection has just ended'))
    const endStream = isEmptyBody(body)
    const stream = this.#engine.open()
    this.#stream = stream
    stream.attach(this)
    exchange.onCancel(this)
    stream.sendFields(requestFields(this.#request), endStream)
    if (!endStream) this.#writeBody(stream)
    return promise
  }

  #unsent(reason: ProxyError): Promise<HttpResponse> {
    this.#failure = reason
    const { promise } = this.#awaiting!
    this.#closed(reason)
    return promise
  }

  cancelled(error: ProxyError): void {
    this.#fail(error)
  }

  sentEnd(): void {
    if (this.#awaiting !== undefined) this.#deadline.set(this.#owner.options.responseHeaderTimeoutMs)
  }

  drained(): void {
    this.#writer?.drained()
  }

  bodyFailed(error: ProxyError): void {
    this.#fail(error)
  }

  holdBody(): void {
    this.#stream?.hold()
  }

  wantBody(): void {
    this.#stream?.want()
  }

  dropBody(reason: ProxyError): void {
    this.#fail(reason)
  }

  #writeBody(stream: Http2Stream): void {
    this.#writer = new StreamWriter(stream, this.#request.body, this)
    this.#awaitsContinue = this.#request.expectContinue
    if (this.#awaitsContinue) this.#deadline.set(continueTimeoutMs)
    else this.#writer.start()
  }

  #sendHeldBody(): void {
    if (!this.#awaitsContinue) return
    this.#awaitsContinue = false
    this.#deadline.clear()
    this.#writer?.start()
  }

  receivedFields({ fields, exceedsLimit }: DecodedFields, endStream: boolean): void {
    if (exceedsLimit || fields.length / 2 > this.#owner.options.limits.maxFields) {
      return this.#fail(new ProxyError('upstream.malformed', 'too many or too long fields'))
    }
    const head = readResponseHead(fields)
    if (head.kind === 'malformed') return this.#fail(new ProxyError('upstream.malformed', head.detail))
    const isTrailers = this.#awaiting === undefined
    const isMisplaced = isTrailers ? !endStream || head.status !== 0 : !mayBeHead(head, endStream)
    if (isMisplaced) return this.#fail(new ProxyError('upstream.malformed', 'a field section out of its place'))
    if (isTrailers) this.#trailers = head.headers
    else if (isInterim(head)) this.#receiveInterim(head)
    else this.#receiveHead(head, endStream)
  }

  #receiveInterim(head: ResponseHead): void {
    if (head.status === 100) return this.#sendHeldBody()
    this.#request.exchange.interim?.sendInterim(head.status, head.headers)
  }

  #receiveHead({ status, headers, contentLength }: ResponseHead, endStream: boolean): void {
    const awaiting = this.#awaiting!
    const isBodiless = hasNoBody({ status, requestMethod: this.#request.method })
    if (endStream && !isBodiless && (contentLength ?? 0) > 0) {
      return this.#fail(new ProxyError('upstream.malformed', 'a response that is shorter than its length'))
    }
    this.#awaiting = undefined
    this.#owner.hasAnswered = true
    this.#deadline.clear()
    if (endStream) return awaiting.resolve({ status, headers, body: emptyBody, announcedLength: contentLength })
    this.#body = new IncomingBody(isBodiless ? undefined : contentLength, this, { ownsPieces: true })
    awaiting.resolve({ status, headers, body: this.#body, announcedLength: isBodiless ? contentLength : undefined })
  }

  receivedData(piece: Buffer): void {
    if (this.#awaiting !== undefined) return this.#fail(new ProxyError('upstream.malformed', 'a body without a head'))
    this.#receivedBytes += piece.length
    this.#body?.push(piece)
  }

  receivedEnd(): void {
    if (this.#awaiting !== undefined) return this.#fail(new ProxyError('upstream.malformed', 'an end without a head'))
    const length = this.#body?.length
    if (length !== undefined && this.#receivedBytes !== length) {
      return this.#fail(new ProxyError('upstream.truncated', `a body of ${this.#receivedBytes} of ${length} bytes`))
    }
    this.#body?.finish(this.#trailers)
    if (this.#stream?.hasSentEnd !== false) return
    // Answered before it had the whole request: the rest is of no use.
    this.#writer?.cancel(new ProxyError('upstream.reset', 'the server answered before it had the whole request'))
    this.#stream.reset(errorCode.cancel)
  }

  closed(end: StreamEnd): void {
    this.#closed(this.#failure ?? this.#closeError(end))
  }

  #closed(error: ProxyError): void {
    this.#deadline.dispose()
    this.#request.exchange.offCancel(this)
    this.#awaiting?.reject(error)
    this.#awaiting = undefined
    this.#body?.fail(error)
    this.#writer?.cancel(error)
    if (this.#writer === undefined && !(error instanceof Unprocessed)) this.#request.body.cancel(error)
    this.#owner.streamEnded()
  }

  /** What the end of the stream means to whoever still waits for something of it. */
  #closeError(end: StreamEnd): ProxyError {
    const reason = end.kind === 'reset' ? `stream closed by the server with code ${end.code}` : 'connection lost'
    if (this.#body !== undefined) return new ProxyError('upstream.truncated', `${reason} in the middle of the body`)
    const isRefused = end.kind === 'reset' && end.code === errorCode.refusedStream
    if (isRefused || (end.kind === 'lost' && end.isUnprocessed)) return new Unprocessed('upstream.reset', reason)
    const isLost = end.kind === 'lost' && this.#owner.hasAnswered
    return new (isLost ? ConnectionLost : ProxyError)('upstream.reset', `${reason} before it answered`)
  }

  #fail(error: ProxyError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#awaiting?.reject(error)
    this.#awaiting = undefined
    this.#body?.fail(error)
    this.#writer?.cancel(error)
    this.#stream?.reset(errorCode.cancel)
  }

  #expired(): void {
    if (this.#awaitsContinue) return this.#sendHeldBody()
    const seconds = this.#owner.options.responseHeaderTimeoutMs / 1000
    this.#fail(new ProxyError('upstream.responseTimeout', `no response head within ${seconds} s`))
  }
}

function isInterim({ status }: ResponseHead): boolean {
  return status >= 100 && status < 200
}

/** RFC 9113 §8.1, §8.6: an interim head ends nothing, and there is no upgrade. */
function mayBeHead(head: ResponseHead, endStream: boolean): boolean {
  return head.status !== 0 && head.status !== 101 && !(isInterim(head) && endStream)
}

function requestFields(request: OutgoingRequest): string[] {
  const { method, target, host, headers, body, server } = request
  const scheme = server.scheme === 'https' ? 'https' : 'http'
  const fields = [':method', method, ':scheme', scheme, ':authority', host, ':path', target]
  pushFields(fields, headers)
  if (body.length !== undefined && (body.length > 0 || announcesEmptyBody.has(method))) {
    fields.push('content-length', String(body.length))
  }
  return fields
}

const announcesEmptyBody = new Set(['POST', 'PUT', 'PATCH'])
