import { ProxyError, toProxyError } from '../errors.ts'
import { httpDate } from '../http/date.ts'
import { Exchange, type ClientFacts, type InterimSender, type Outcome } from '../http/exchange.ts'
import { emptyBody } from '../http/body.ts'
import { noHeaders, type Headers } from '../http/headers.ts'
import type { HttpRequest, HttpResponse, Upgrade } from '../http/message.ts'
import { errorReply } from '../http/reply.ts'
import { hasNoBody } from '../http1/framing.ts'
import { hasDate, pushFields } from './encode-fields.ts'
import { errorCode } from './frame.ts'
import type { DecodedFields } from './hpack/decoder.ts'
import type { MessageStream, StreamEnd, StreamListener } from './message-stream.ts'
import { RequestBody, type RequestBodyOwner } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
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
export class ServerStream implements StreamListener, RequestBodyOwner, StreamWriterOwner, InterimSender {
  readonly #stream: MessageStream
  readonly #owner: StreamOwner
  readonly #exchange: Exchange
  #method = ''
  #body: RequestBody | undefined
  #writer: StreamWriter | undefined
  /** Of a stream that is to become a WebSocket, and what it then is. */
  #handshake: WebSocketHandshake | undefined
  #tunnel: TunnelStream | undefined
  #isWholeRequest = false
  #isTunnel = false
  #isResponded = false
  #isOver = false
  #writeTimer: Timer | undefined

  constructor(stream: MessageStream, owner: StreamOwner) {
    this.#stream = stream
    this.#owner = owner
    const { entryPoint, writeTimeoutMs } = owner.options
    this.#exchange = new Exchange(entryPoint, owner.client, performance.timeOrigin + performance.now())
    stream.attach(this)
    if (writeTimeoutMs > 0) this.#writeTimer = setTimeout(() => this.#writeExpired(writeTimeoutMs), writeTimeoutMs)
  }

  /** `isEnded`: the head was the whole request. */
  begin(head: RequestHead, isEnded: boolean): void {
    const { method, path, query, host } = head
    const exchange = this.#exchange
    const { version, options } = this.#owner
    const { readTimeoutMs } = options
    this.#method = method
    this.#isWholeRequest = isEnded
    exchange.interim = this
    if (head.isWebSocket) {
      this.#handshake = new WebSocketHandshake()
      // What a tunnel carries is nobody's body: it waits until the server has agreed.
      this.#tunnel = new TunnelStream(this.#stream)
    } else this.#body = new RequestBody(this.#stream, { head, isEnded, readTimeoutMs }, this)
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
  refuse(error: ProxyError, isEnded: boolean): void {
    this.#isWholeRequest = isEnded
    this.#refuse(error)
  }

  /** Ends the stream now. */
  abort(reason: ProxyError): void {
    this.#end({ kind: 'aborted', error: reason })
    this.#stream.reset(resetCode(reason))
  }

  #refuse(error: ProxyError): void {
    this.#respond(errorReply(error), error)
  }

  #respond(response: HttpResponse, failure?: ProxyError): void {
    const exchange = this.#exchange
    if (this.#isOver || this.#isResponded) {
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
    if (!this.#sendHead(response, isBodiless, endStream)) return
    if (endStream) return response.body.cancel(noBodyWanted)
    this.#writer = new StreamWriter(this.#stream, response.body, this)
    this.#writer.start()
  }

  /** False: no answer could be told. */
  #sendHead(response: HttpResponse, isBodiless: boolean, endStream: boolean): boolean {
    const fault = this.#headFault(response, isBodiless, endStream)
    if (fault === undefined) return true
    response.body.cancel(noBodyWanted)
    this.abort(new ProxyError('upstream.malformed', fault))
    return false
  }

  #headFault(response: HttpResponse, isBodiless: boolean, endStream: boolean): string | undefined {
    // RFC 9110 §15 ends there.
    if (response.status > 599) return `the status ${response.status}`
    try {
      this.#stream.sendFields(responseFields(response, isBodiless), endStream)
      return undefined
    } catch (thrown) {
      return String(thrown)
    }
  }

  #switchProtocols(response: HttpResponse, upgrade: Upgrade): void {
    const tunnel = this.#tunnel
    const handshake = this.#handshake
    if (tunnel === undefined || handshake?.isAccepted(response.headers) !== true) {
      // The fields that ask for another upgrade are not HTTP/2's.
      upgrade.refuse()
      return this.#refuse(new ProxyError('upstream.malformed', 'an upgrade that nobody asked for'))
    }
    clearTimeout(this.#writeTimer)
    this.#exchange.response = response
    this.#isResponded = true
    const opened = { ...response, status: 200, headers: handshake.response(response.headers) }
    this.#stream.sendFields(responseFields(opened, false), false)
    this.#isTunnel = true
    void upgrade.start(tunnel, undefined).then(() => this.#end({ kind: 'complete' }))
  }

  receivedFields(section: DecodedFields, endStream: boolean): void {
    this.#body?.receiveTrailers(section, endStream)
  }

  receivedData(piece: Buffer): void {
    this.#body?.receive(piece)
    this.#tunnel?.receivedData(piece)
  }

  receivedEnd(): void {
    this.#isWholeRequest = true
    this.#body?.finish()
    this.#tunnel?.receivedEnd()
  }

  drained(): void {
    this.#writer?.drained()
    this.#tunnel?.drained()
  }

  /** RFC 9113 §8.1: the response is whole, and the rest of the request is of no use to anybody. */
  sentEnd(): void {
    if (!this.#isWholeRequest && !this.#isTunnel) this.#stream.reset(errorCode.noError)
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
    if (this.#isResponded || this.#isOver) return
    const fields = [':status', String(status)]
    pushFields(fields, headers)
    this.#stream.sendFields(fields, false)
  }

  #writeExpired(writeTimeoutMs: number): void {
    const seconds = writeTimeoutMs / 1000
    this.abort(new ProxyError('proxy.writeTimeout', `response not written within ${seconds} s`))
  }

  closed(end: StreamEnd): void {
    this.#tunnel?.streamClosed(end)
    // A tunnel is over when its other end is, too.
    if (this.#isTunnel) return this.#owner.streamEnded(this)
    if (this.#stream.hasSentEnd) this.#end({ kind: 'complete' })
    else this.#end({ kind: 'aborted', error: new ProxyError('client.reset', endDetail(end)) })
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

function endDetail(end: StreamEnd): string {
  return end.kind === 'reset' ? `reset by the client (${end.code})` : 'connection lost'
}

/** What a client is told of a response that can't be finished. */
function resetCode({ code }: ProxyError): number {
  // RFC 9113 §8.1.1.
  if (code === 'client.malformed') return errorCode.protocolError
  const isNobodysFault = code.startsWith('client.') || code === 'proxy.shutdown'
  return isNobodysFault ? errorCode.cancel : errorCode.internalError
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
