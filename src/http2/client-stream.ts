import { constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { ProxyError } from '../errors.ts'
import { emptyBody, isEmptyBody } from '../http/body.ts'
import type { Cancellable } from '../http/exchange.ts'
import { hasHeader, noHeaders, type Headers } from '../http/headers.ts'
import type { HttpResponse } from '../http/message.ts'
import { hasNoBody } from '../http1/framing.ts'
import { IncomingBody, type BodySource } from '../http1/incoming-body.ts'
import { Deadline } from '../net/deadline.ts'
import type { OutgoingRequest } from '../upstream/transport.ts'
import type { Http2ConnectionOptions } from './client.ts'
import { pushFields } from './encode-fields.ts'
import type { RawFields } from './request-head.ts'
import { endedWhole, resetStream } from './reset-stream.ts'
import { readResponseHead } from './response-head.ts'
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
export class ClientStream implements BodySource, StreamWriterOwner, Cancellable {
  readonly #session: ClientHttp2Session
  readonly #request: OutgoingRequest
  readonly #owner: ClientStreamOwner
  readonly #deadline = new Deadline(() => this.#expired())
  #stream: ClientHttp2Stream | undefined
  #writer: StreamWriter | undefined
  #awaiting: PromiseWithResolvers<HttpResponse> | undefined = Promise.withResolvers<HttpResponse>()
  #body: IncomingBody | undefined
  #receivedBytes = 0
  #trailers: Headers = noHeaders
  #failure: ProxyError | undefined
  #awaitsContinue = false

  constructor(session: ClientHttp2Session, request: OutgoingRequest, owner: ClientStreamOwner) {
    this.#session = session
    this.#request = request
    this.#owner = owner
  }

  send(): Promise<HttpResponse> {
    const { promise } = this.#awaiting!
    const { body, exchange } = this.#request
    const endStream = isEmptyBody(body)
    try {
      this.#stream = this.#open(requestFields(this.#request), endStream)
    } catch (thrown) {
      // The session has ended in the meantime, and nothing has been sent.
      this.#failure = new Unprocessed('upstream.reset', String(thrown), thrown)
      this.#closed()
      return promise
    }
    this.#listen(this.#stream)
    exchange.onCancel(this)
    if (this.#stream.destroyed) return promise
    if (endStream) this.bodyWritten()
    else this.#writeBody(this.#stream)
    return promise
  }

  cancelled(error: ProxyError): void {
    this.#fail(error)
  }

  bodyWritten(): void {
    if (this.#awaiting !== undefined) this.#deadline.set(this.#owner.options.responseHeaderTimeoutMs)
  }

  bodyFailed(error: ProxyError): void {
    this.#fail(error)
  }

  holdBody(): void {
    this.#stream?.pause()
  }

  wantBody(): void {
    if (this.#stream?.destroyed === false) this.#stream.resume()
  }

  dropBody(reason: ProxyError): void {
    this.#fail(reason)
  }

  #open(fields: string[], endStream: boolean): ClientHttp2Stream {
    // Waiting costs an empty DATA frame, which some servers stumble over: only for trailers that were announced.
    const announced = this.#request.exchange.request?.headers ?? noHeaders
    const options = { endStream, waitForTrailers: !endStream && hasHeader(announced, 'trailer') }
    // Arrays of names and values are missing from the types; they alone keep the order and repeats of fields.
    return this.#session.request(fields as unknown as Parameters<ClientHttp2Session['request']>[0], options)
  }

  #listen(stream: ClientHttp2Stream): void {
    // Why it closed is told by `close`; without a listener an error would end the process.
    stream.on('error', () => {})
    stream.on('close', () => this.#closed())
    stream.on('headers', (_: unknown, __: number, raw?: RawFields) => this.#receiveInterim(raw ?? []))
    stream.on('response', (_: unknown, flags: number, raw?: RawFields) => this.#receiveHead(raw ?? [], flags))
    stream.on('trailers', (_: unknown, __: number, raw?: RawFields) => this.#receiveTrailers(raw ?? []))
    stream.on('data', (piece: Buffer) => this.#receive(piece))
    stream.on('end', () => this.#finish(stream))
    stream.on('continue', () => this.#sendHeldBody())
  }

  #writeBody(stream: ClientHttp2Stream): void {
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

  #receiveInterim(raw: RawFields): void {
    const head = readResponseHead(raw)
    if (head.kind === 'malformed') return this.#fail(new ProxyError('upstream.malformed', head.detail))
    if (head.status === 100) return
    this.#request.exchange.interim?.sendInterim(head.status, head.headers)
  }

  #receiveHead(raw: RawFields, flags: number): void {
    const awaiting = this.#awaiting
    if (awaiting === undefined) return
    const head = readResponseHead(raw)
    if (head.kind === 'malformed') return this.#fail(new ProxyError('upstream.malformed', head.detail))
    this.#awaiting = undefined
    this.#owner.hasAnswered = true
    this.#deadline.clear()
    const { status, headers, contentLength } = head
    const isBodiless = hasNoBody({ status, requestMethod: this.#request.method })
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      if (!isBodiless && (contentLength ?? 0) > 0) {
        return awaiting.reject(new ProxyError('upstream.malformed', 'a response that is shorter than its length'))
      }
      return awaiting.resolve({ status, headers, body: emptyBody, announcedLength: contentLength })
    }
    this.#body = new IncomingBody(isBodiless ? undefined : contentLength, this)
    awaiting.resolve({ status, headers, body: this.#body, announcedLength: isBodiless ? contentLength : undefined })
  }

  #receive(piece: Buffer): void {
    this.#receivedBytes += piece.length
    this.#body?.push(piece)
  }

  #receiveTrailers(raw: RawFields): void {
    const head = readResponseHead(raw)
    if (head.kind === 'malformed' || head.status !== 0) {
      return this.#fail(new ProxyError('upstream.malformed', 'malformed trailers'))
    }
    this.#trailers = head.headers
  }

  #finish(stream: ClientHttp2Stream): void {
    if (!endedWhole(stream)) return
    const { body } = this.#request
    const length = this.#body?.length
    if (length !== undefined && this.#receivedBytes !== length) {
      return this.#fail(new ProxyError('upstream.truncated', `a body of ${this.#receivedBytes} of ${length} bytes`))
    }
    // Answered before it had the whole request: the rest is of no use.
    if (this.#writer?.isDone === false) {
      const early = new ProxyError('upstream.reset', 'the server answered before it had the whole request')
      this.#writer.cancel(early)
      resetStream(stream, early, constants.NGHTTP2_CANCEL)
    } else if (this.#writer === undefined) body.cancel(noBodyWanted)
    this.#body?.finish(this.#trailers)
  }

  #closed(): void {
    this.#deadline.dispose()
    this.#request.exchange.offCancel(this)
    const error = this.#failure ?? this.#closeError()
    this.#awaiting?.reject(error)
    this.#awaiting = undefined
    this.#body?.fail(error)
    this.#writer?.cancel(error)
    if (this.#writer === undefined && !(error instanceof Unprocessed)) this.#request.body.cancel(error)
    this.#owner.streamEnded()
  }

  /** What the end of the stream means to whoever still waits for something of it. */
  #closeError(): ProxyError {
    const code = this.#stream?.rstCode ?? 0
    const reason = `stream closed by the server with code ${code}`
    if (this.#body !== undefined) return new ProxyError('upstream.truncated', `${reason} in the middle of the body`)
    if (code === constants.NGHTTP2_REFUSED_STREAM) return new Unprocessed('upstream.reset', reason)
    // A session on its way out that ends a stream without a code has ended with it.
    const hasEnded = this.#session.destroyed || (this.#session.closed && code === constants.NGHTTP2_NO_ERROR)
    const isLost = hasEnded && this.#owner.hasAnswered
    return new (isLost ? ConnectionLost : ProxyError)('upstream.reset', `${reason} before it answered`)
  }

  #fail(error: ProxyError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#awaiting?.reject(error)
    this.#awaiting = undefined
    this.#body?.fail(error)
    this.#writer?.cancel(error)
    if (this.#stream !== undefined) resetStream(this.#stream, error, constants.NGHTTP2_CANCEL)
  }

  #expired(): void {
    if (this.#awaitsContinue) return this.#sendHeldBody()
    const seconds = this.#owner.options.responseHeaderTimeoutMs / 1000
    this.#fail(new ProxyError('upstream.responseTimeout', `no response head within ${seconds} s`))
  }
}

const noBodyWanted = new ProxyError('client.reset', 'nobody wants this body any more')

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
