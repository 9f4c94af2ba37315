import { constants } from 'node:http2'
import { ProxyError, toProxyError } from '../errors.ts'
import { httpDate } from '../http/date.ts'
import { Exchange, type ClientFacts, type InterimSender, type Outcome } from '../http/exchange.ts'
import { emptyBody } from '../http/body.ts'
import { hasHeader, noHeaders, type Headers } from '../http/headers.ts'
import type { HttpRequest, HttpResponse, Upgrade } from '../http/message.ts'
import { errorReply } from '../http/reply.ts'
import { hasNoBody } from '../http1/framing.ts'
import { hasDate, pushFields, trailerObject } from './encode-fields.ts'
import type { ServerMessageStream } from './message-stream.ts'
import { RequestBody, type RequestBodyOwner } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
import { resetStream } from './reset-stream.ts'
import type { Http2ServerOptions } from './server.ts'
import { StreamWriter, type StreamWriterOwner } from './stream-writer.ts'
import { TunnelStream } from './tunnel-stream.ts'
import { WebSocketHandshake } from './web-socket.ts'

export interface StreamOwner {
  readonly version: '2' | '3'
  readonly client: ClientFacts
  readonly options: Http2ServerOptions
  /** The stream is closed and its exchange published. */
  streamEnded(stream: ServerStream): void
}

/** One request of an HTTP/2 or HTTP/3 connection, from its head to the close of its stream. Nothing here touches other streams. */
export class ServerStream implements RequestBodyOwner, StreamWriterOwner, InterimSender {
  readonly #stream: ServerMessageStream
  readonly #owner: StreamOwner
  readonly #exchange: Exchange
  #method = ''
  #body: RequestBody | undefined
  #writer: StreamWriter | undefined
  /** Of a stream that is to become a WebSocket. */
  #handshake: WebSocketHandshake | undefined
  #isTunnel = false
  #isResponded = false
  #isOver = false
  #writeTimer: Timer | undefined

  constructor(stream: ServerMessageStream, owner: StreamOwner) {
    this.#stream = stream
    this.#owner = owner
    const { entryPoint, writeTimeoutMs } = owner.options
    this.#exchange = new Exchange(entryPoint, owner.client, performance.timeOrigin + performance.now())
    stream.on('close', () => this.#closed())
    if (writeTimeoutMs > 0) this.#writeTimer = setTimeout(() => this.#writeExpired(writeTimeoutMs), writeTimeoutMs)
  }

  /** `isEnded`: the head was the whole request. */
  begin(head: RequestHead, isEnded: boolean): void {
    const { method, path, query, host } = head
    const exchange = this.#exchange
    const { version, options } = this.#owner
    const { readTimeoutMs } = options
    this.#method = method
    exchange.interim = this
    // What a tunnel carries is nobody's body: it waits in the stream until the server has agreed.
    if (head.isWebSocket) this.#handshake = new WebSocketHandshake()
    else this.#body = new RequestBody(this.#stream, { head, isEnded, readTimeoutMs }, this)
    const body = this.#body?.body ?? emptyBody
    const headers = this.#handshake?.request(head.headers) ?? head.headers
    const request: HttpRequest = { method, path, query, host, version, headers, body, exchange, span: undefined }
    exchange.request = request
    options
      .handler()(request)
      .then(
        (response) => this.#respond(response),
        (thrown) => this.#refuse(toProxyError(thrown)),
      )
  }

  /** Answers what is no request for the handlers. */
  refuse(error: ProxyError): void {
    this.#refuse(error)
    this.#stream.resume()
  }

  /** Ends the stream now. */
  abort(reason: ProxyError): void {
    this.#end({ kind: 'aborted', error: reason })
    resetStream(this.#stream, reason, resetCode(reason))
  }

  #refuse(error: ProxyError): void {
    this.#respond(errorReply(error), error)
  }

  #respond(response: HttpResponse, failure?: ProxyError): void {
    const exchange = this.#exchange
    // A stream that has been reset is told of only after this turn.
    if (this.#isOver || this.#isResponded || this.#stream.destroyed || this.#stream.closed) {
      response.upgrade?.refuse()
      response.body.cancel(exchange.cancelled ?? new ProxyError('client.reset', 'nobody waits for this response'))
      return
    }
    if (response.upgrade !== undefined) return this.#switchProtocols(response, response.upgrade)
    if (this.#handshake !== undefined && isSuccess(response)) {
      response.body.cancel(noBodyWanted)
      return this.#refuse(new ProxyError('upstream.malformed', `${response.status} to a WebSocket handshake`))
    }
    exchange.response = response
    exchange.failure ??= failure
    this.#isResponded = true
    const isBodiless = hasNoBody({ status: response.status, requestMethod: this.#method })
    const endStream = isBodiless || response.body.length === 0
    // `sendDate` is missing from the published types of `respond`; without it the engine would add a second Date.
    const mayHaveTrailers = response.body.length === undefined || hasHeader(response.headers, 'trailer')
    const options = { endStream, waitForTrailers: !endStream && mayHaveTrailers, sendDate: false }
    try {
      this.#stream.respond(responseFields(response, isBodiless), options)
    } catch (thrown) {
      // A status that HTTP/2 does not have (RFC 9110 §15 ends at 599), a head that HTTP/3's engine can't send: no answer
      // could be told.
      response.body.cancel(noBodyWanted)
      return this.abort(new ProxyError('upstream.malformed', String(thrown), thrown))
    }
    if (endStream) {
      response.body.cancel(noBodyWanted)
      return this.bodyWritten()
    }
    this.#writer = new StreamWriter(this.#stream, response.body, this)
    this.#writer.start()
  }

  #switchProtocols(response: HttpResponse, upgrade: Upgrade): void {
    const handshake = this.#handshake
    if (handshake?.isAccepted(response.headers) !== true) {
      // The fields that ask for another upgrade are not HTTP/2's.
      upgrade.refuse()
      return this.#refuse(new ProxyError('upstream.malformed', 'an upgrade that nobody asked for'))
    }
    clearTimeout(this.#writeTimer)
    this.#exchange.response = response
    this.#isResponded = true
    this.#isTunnel = true
    const opened = { ...response, status: 200, headers: handshake.response(response.headers) }
    this.#stream.respond(responseFields(opened, false), { endStream: false, sendDate: false } as object)
    void upgrade.start(new TunnelStream(this.#stream), undefined).then(() => this.#end({ kind: 'complete' }))
  }

  bodyWritten(): void {
    if (this.#body?.isWhole ?? this.#handshake === undefined) return
    // RFC 9113 §8.1: the response is whole, and the rest of the request is of no use to anybody.
    this.#stream.once('finish', () => {
      if (this.#body?.isWhole !== true) this.#stream.close(constants.NGHTTP2_NO_ERROR)
    })
  }

  bodyFailed(error: ProxyError): void {
    if (this.#isOver) return
    this.#exchange.cancel(error)
    if (this.#isResponded || error.code === 'client.malformed') return this.abort(error)
    this.#respond(errorReply(error), error)
  }

  sendContinue(): void {
    this.sendInterim(100, noHeaders)
  }

  sendInterim(status: number, headers: Headers): void {
    if (this.#isResponded || this.#stream.destroyed || this.#stream.closed) return
    this.#stream.additionalHeaders({ ...trailerObject(headers), ':status': status })
  }

  #writeExpired(writeTimeoutMs: number): void {
    const seconds = writeTimeoutMs / 1000
    this.abort(new ProxyError('proxy.writeTimeout', `response not written within ${seconds} s`))
  }

  #closed(): void {
    const isWritten = this.#writer === undefined ? this.#isResponded : this.#writer.isDone
    const { rstCode } = this.#stream
    // A tunnel is over when its other end is, too.
    if (this.#isTunnel) return this.#owner.streamEnded(this)
    if (isWritten && (rstCode ?? 0) === 0) this.#end({ kind: 'complete' })
    else this.#end({ kind: 'aborted', error: new ProxyError('client.reset', `reset by the client (${rstCode})`) })
    this.#owner.streamEnded(this)
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#writeTimer)
    const exchange = this.#exchange
    exchange.responseBytes = this.#writer?.bodyBytes ?? 0
    exchange.requestBytes = this.#body?.receivedBytes ?? 0
    if (outcome.kind === 'aborted') {
      exchange.cancel(outcome.error)
      this.#writer?.cancel(outcome.error)
    }
    this.#body?.abandon(outcome.kind === 'aborted' ? outcome.error : noBodyWanted)
    exchange.endedAt = performance.timeOrigin + performance.now()
    exchange.outcome = outcome
    this.#owner.options.finished(exchange)
  }
}

/** Of CONNECT it would mean that the tunnel is there (RFC 9110 §9.3.6). */
function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300
}

const noBodyWanted = new ProxyError('client.reset', 'nobody wants this body any more')

/** What a client is told of a response that can't be finished. */
function resetCode({ code }: ProxyError): number {
  // RFC 9113 §8.1.1.
  if (code === 'client.malformed') return constants.NGHTTP2_PROTOCOL_ERROR
  const isNobodysFault = code.startsWith('client.') || code === 'proxy.shutdown'
  return isNobodysFault ? constants.NGHTTP2_CANCEL : constants.NGHTTP2_INTERNAL_ERROR
}

function responseFields(response: HttpResponse, isBodiless: boolean): string[] {
  const { status, headers, body } = response
  const fields = [':status', String(status)]
  pushFields(fields, headers)
  // An empty body needs no length, for the end of the stream is on the head; a gRPC status alone must have none.
  const length = (isBodiless ? response.announcedLength : undefined) ?? (body.length || undefined)
  if (length !== undefined && status !== 204) fields.push('content-length', String(length))
  if (!hasDate(headers)) fields.push('date', httpDate())
  return fields
}
