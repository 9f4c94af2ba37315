import { ProxyError, toProxyError } from '../errors.ts'
import { httpDate } from '../http/date.ts'
import { Exchange, type ClientFacts, type InterimSender, type Outcome } from '../http/exchange.ts'
import { hasHeader, hasToken, noHeaders, withoutHeader, type Headers } from '../http/headers.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import { errorReply } from '../http/reply.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { PendingBytes } from '../net/pending-bytes.ts'
import type { Framing } from './framing.ts'
import { encodeInterimHead, encodeResponseHead, parseRequestHead, type RequestHead } from './head.ts'
import { MessageWriter, writeAtOnce, type WriterOwner } from './message-writer.ts'
import type { Http1ServerOptions } from './server-options.ts'
import { minimumProgressBytes, RequestBody, type RequestBodyOwner } from './request-body.ts'

/** Epoch milliseconds of `performance.now() === 0`. */
const timeOriginMs = performance.timeOrigin
/** Pipelined bytes that may wait behind a running exchange. */
const pipelineLimitBytes = 64 * 1024
/** A tunnel has no time-out: only probes find out that a client has gone without a word (Traefik's listeners: 3 min). */
export const clientKeepAliveMs = 180_000
/** How long a closing connection waits for the peer's FIN, so that a reset does not destroy the response. */
const lingerMs = 5000
/** A response is mostly there sooner than this, and then nobody needs to know whether a FIN was the client's last. */
const probeDelayMs = 50

/**
 *     waiting ──head──▶ exchange ──response and request whole──▶ waiting (keep-alive)
 *        │ bad head        │ client gone                          └─▶ lingering ──FIN or time──▶ closed
 *        └─▶ lingering     └─▶ closed
 */
type State = 'waiting' | 'exchange' | 'lingering' | 'closed'

/** One HTTP/1 connection from a client: requests one after the other, responses in the same order. */
export class Http1Session implements Receiver, RequestBodyOwner, WriterOwner, InterimSender {
  readonly #connection: Connection
  readonly #client: ClientFacts
  readonly #options: Http1ServerOptions
  readonly #startedAt = performance.now()
  readonly #deadline = new Deadline(() => this.#expired())
  readonly #pending = new PendingBytes()
  readonly #respondBound = (response: HttpResponse) => this.#respondSafely(response)
  readonly #failBound = (thrown: unknown) => this.#respondSafely(errorReply(toProxyError(thrown)), toProxyError(thrown))
  #state: State = 'waiting'
  #scannedBytes = 0
  #requestCount = 0
  #head: RequestHead | undefined
  #body: RequestBody | undefined
  /** Undefined between two exchanges, and while the rest of an answered request is swallowed. */
  #exchange: Exchange | undefined
  #writer: MessageWriter | undefined
  #keepAlive = true
  #peerEnded = false
  #writeTimer: Timer | undefined

  constructor(connection: Connection, client: ClientFacts, options: Http1ServerOptions) {
    this.#connection = connection
    this.#client = client
    this.#options = options
  }

  /** `early`: bytes that were read while the protocol was identified. */
  start(early: Buffer | undefined): void {
    this.#connection.attach(this)
    this.#deadline.set(this.#options.readTimeoutMs)
    if (early !== undefined && early.length > 0) this.received(early)
  }

  get isIdle(): boolean {
    return this.#state === 'waiting' && this.#pending.length === 0
  }

  /** Ends the connection now; an exchange in progress is aborted with `reason`. */
  abort(reason: ProxyError): void {
    if (this.#state === 'closed') return
    this.#exchange?.cancel(reason)
    this.#end({ kind: 'aborted', error: reason })
    this.#connection.close()
  }

  received(bytes: Buffer): void {
    if (this.#state === 'lingering' || this.#state === 'closed') return
    if (this.#state === 'waiting') return this.#receiveHead(bytes)
    if (this.#body !== undefined && !this.#body.isWhole) return this.#receiveBody(bytes, 0)
    this.#pending.keep(bytes)
    if (this.#pending.length > pipelineLimitBytes) this.#connection.pause()
  }

  #receiveHead(bytes: Buffer): void {
    const isFirst = this.#pending.length === 0
    const all = this.#pending.join(bytes)
    const result = parseRequestHead(all, 0, this.#options.limits, this.#scannedBytes)
    if (result.kind === 'incomplete') {
      this.#scannedBytes = all.length
      if (!isFirst) return
      this.#pending.keep(bytes)
      // The clock of a head runs from its first byte, so that a drip of bytes does not stretch it.
      return this.#deadline.set(this.#options.readTimeoutMs)
    }
    this.#pending.clear()
    this.#scannedBytes = 0
    if (result.kind === 'bad') return this.#refuse(new ProxyError(result.code, result.detail))
    this.#begin(result.head, all, result.end)
  }

  #begin(head: RequestHead, bytes: Buffer, end: number): void {
    this.#requestCount += 1
    this.#head = head
    this.#keepAlive = head.keepAlive
    this.#deadline.clear()
    const exchange = this.#startExchange()
    if (head.version === '1.1') exchange.interim = this
    const { limits, readTimeoutMs } = this.#options
    this.#body = new RequestBody(head, { limits, readTimeoutMs, deadline: this.#deadline }, this)
    const { method, path, query, host, version, headers } = head
    const { body } = this.#body
    const request: HttpRequest = { method, path, query, host, version, headers, body, exchange, span: undefined }
    exchange.request = request
    if (end < bytes.length) this.#receiveBody(bytes, end)
    if (this.#peerEnded && !this.#body.isWhole) return this.#breakOff()
    // What came behind the head may have failed the exchange already (a bad chunk in the same packet).
    if (this.#exchange === exchange) this.#options.handler()(request).then(this.#respondBound, this.#failBound)
  }

  #startExchange(): Exchange {
    this.#state = 'exchange'
    const exchange = new Exchange(this.#options.entryPoint, this.#client, timeOriginMs + performance.now())
    this.#exchange = exchange
    if (this.#options.writeTimeoutMs > 0) {
      const seconds = this.#options.writeTimeoutMs / 1000
      const late = () => this.abort(new ProxyError('proxy.writeTimeout', `response not written within ${seconds} s`))
      this.#writeTimer = setTimeout(late, this.#options.writeTimeoutMs)
    }
    return exchange
  }

  #receiveBody(bytes: Buffer, from: number): void {
    const { length } = bytes
    const end = this.#body!.receive(bytes, from)
    if (this.#state !== 'exchange') return
    if (end < length) this.#pending.keep(bytes.subarray(end))
    // The response went out while the rest of the request was swallowed: now the connection is free.
    if (this.#exchange === undefined && this.#body!.isWhole) this.#next()
  }

  bodyFailed(error: ProxyError): void {
    this.#keepAlive = false
    if (this.#exchange === undefined) return this.#linger()
    this.#exchange.cancel(error)
    if (this.#writer !== undefined) return this.abort(error)
    this.#respond(errorReply(error), error)
  }

  #refuse(error: ProxyError): void {
    this.#keepAlive = false
    this.#head = undefined
    this.#startExchange()
    this.#respond(errorReply(error), error)
  }

  /** A fault of ours on the way to the wire costs this connection and nothing else. */
  #respondSafely(response: HttpResponse, failure?: ProxyError): void {
    try {
      this.#respond(response, failure)
    } catch (thrown) {
      this.abort(toProxyError(thrown))
    }
  }

  #respond(response: HttpResponse, failure?: ProxyError): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#state !== 'exchange' || this.#writer !== undefined) {
      // The client has gone, or has been answered already: whatever this response holds must be let go.
      response.upgrade?.refuse()
      response.body.cancel(exchange?.cancelled ?? new ProxyError('client.reset', 'nobody waits for this response'))
      return
    }
    exchange.response = response
    exchange.failure ??= failure
    if (response.upgrade !== undefined) return this.#switchProtocols(response)
    const framing = this.#framingOf(response)
    this.#keepAlive = this.#mayKeepAlive(framing, response)
    const headers = this.#completeHeaders(response)
    // An empty body says nothing here: it may stand for one whose length the server did not tell.
    const announcedLength = response.announcedLength ?? (response.body.length || undefined)
    if (framing.kind === 'none') response.body.cancel(noBodyWanted)
    const head = encodeResponseHead({ status: response.status, headers, framing, announcedLength })
    const message = { connection: this.#connection, framing, body: response.body }
    if (writeAtOnce(message, head)) {
      exchange.responseBytes = framing.kind === 'length' ? framing.bytes : 0
      return this.messageWritten()
    }
    this.#writer = new MessageWriter(message, this)
    this.#writer.start(head)
  }

  #framingOf(response: HttpResponse): Framing {
    const { status, body } = response
    if (this.#head?.method === 'HEAD' || status === 204 || status === 304 || status < 200) return { kind: 'none' }
    if (body.length !== undefined) return { kind: 'length', bytes: body.length }
    return this.#head?.version === '1.0' ? { kind: 'until-close' } : { kind: 'chunked' }
  }

  #mayKeepAlive(framing: Framing, response: HttpResponse): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTimeMs } = this.#options
    if (!this.#keepAlive || framing.kind === 'until-close' || this.#isLast) return false
    if (keepAliveMaxRequests > 0 && this.#requestCount >= keepAliveMaxRequests) return false
    if (keepAliveMaxTimeMs > 0 && performance.now() - this.#startedAt >= keepAliveMaxTimeMs) return false
    if (hasToken(response.headers, 'connection', 'close')) return false
    return this.#body === undefined || this.#body.isWhole || this.#body.canBeSwallowed
  }

  /** No further request will be taken from this connection. */
  get #isLast(): boolean {
    return (this.#peerEnded && this.#pending.length === 0) || this.#options.isDraining()
  }

  /** Connection is the server's own to write, whatever a middleware has put there. */
  #completeHeaders(response: HttpResponse): Headers {
    const headers = withoutHeader(response.headers, 'connection')
    const extra: string[] = []
    if (!hasHeader(headers, 'date')) extra.push('Date', httpDate())
    if (!this.#keepAlive) extra.push('Connection', 'close')
    else if (this.#head?.version === '1.0') extra.push('Connection', 'keep-alive')
    return extra.length === 0 ? headers : [...headers, ...extra]
  }

  #switchProtocols(response: HttpResponse): void {
    const head = encodeResponseHead({ status: 101, headers: response.headers, framing: { kind: 'none' } })
    this.#connection.write(Buffer.from(head, 'latin1'))
    const early = this.#pending.length > 0 ? this.#pending.view() : undefined
    this.#pending.clear()
    this.#deadline.dispose()
    clearTimeout(this.#writeTimer)
    this.#connection.setKeepAlive(clientKeepAliveMs)
    this.#state = 'closed'
    const exchange = this.#exchange!
    this.#exchange = undefined
    void response.upgrade!.start(this.#connection, early).then(() => this.#publish(exchange, { kind: 'complete' }))
  }

  messageWritten(): void {
    if (this.#exchange === undefined) return
    this.#end({ kind: 'complete' })
    if (!this.#keepAlive) return this.#linger()
    if (this.#body === undefined || this.#body.isWhole) return this.#next()
    this.#body.swallow(exchangeOver)
  }

  messageFailed(error: ProxyError): void {
    // The head promised more than came: only a cut connection tells the client so (RFC 9112 §8). Where the body ends
    // with the connection, only a reset does.
    const endsWithConnection = this.#head?.version === '1.0'
    this.#exchange?.cancel(error)
    this.#end({ kind: 'aborted', error })
    this.#connection.close(endsWithConnection ? error : undefined)
  }

  /** Ends the exchange and publishes it. What becomes of the connection is for the caller. */
  #end(outcome: Outcome): void {
    clearTimeout(this.#writeTimer)
    const exchange = this.#exchange
    if (exchange === undefined) return
    const writer = this.#writer
    this.#exchange = undefined
    this.#writer = undefined
    if (writer !== undefined) exchange.responseBytes = writer.bodyBytes
    exchange.requestBytes = this.#body?.receivedBytes ?? 0
    if (outcome.kind === 'aborted') {
      writer?.cancel(outcome.error)
      this.#body?.abandon(outcome.error)
    }
    // Whoever still works for it (an upload that was answered early, a response that a layer has dropped) works for nobody.
    exchange.cancel(exchangeOver)
    this.#publish(exchange, outcome)
  }

  #publish(exchange: Exchange, outcome: Outcome): void {
    exchange.endedAt = timeOriginMs + performance.now()
    exchange.outcome = outcome
    this.#options.finished(exchange)
  }

  #next(): void {
    if (!this.#connection.isFlowing) {
      // A client that pipelines and does not read gets no further: what it asks for would pile up here.
      return this.#deadline.set(this.#options.idleTimeoutMs)
    }
    this.#state = 'waiting'
    this.#body = undefined
    this.#head = undefined
    if (this.#isLast) return this.#linger()
    this.#deadline.set(this.#options.idleTimeoutMs)
    this.#connection.resume()
    if (this.#pending.length === 0) return
    const bytes = this.#pending.view()
    this.#pending.clear()
    this.#receiveHead(bytes)
  }

  #linger(): void {
    this.#state = 'lingering'
    this.#body?.abandon(exchangeOver)
    this.#body = undefined
    this.#pending.clear()
    const isSent = this.#connection.isFlowing
    this.#connection.end()
    if (this.#connection.isClosed) return
    this.#connection.resume()
    this.#deadline.set(isSent ? lingerMs : this.#options.idleTimeoutMs)
  }

  ended(): void {
    this.#peerEnded = true
    if (this.#state === 'lingering') return this.#connection.end()
    if (this.#state === 'waiting') return this.#linger()
    if (this.#body?.isWhole === false) return this.#breakOff()
    if (this.#exchange !== undefined) this.#deadline.set(probeDelayMs)
  }

  #breakOff(): void {
    this.abort(new ProxyError('client.reset', 'the client ended in the middle of its request body'))
  }

  /**
   * A FIN says either "I have nothing more to send" or "I am gone", and only the answer to further bytes tells which:
   * a peer that is gone resets. So some are sent that change nothing: an interim 100 before the response
   * (RFC 9110 §15.2 lets a client expect any number), a leading zero of the next chunk size within it.
   */
  #probe(): void {
    if (this.#writer !== undefined) this.#writer.probe()
    else if (this.#head?.version === '1.1') this.sendInterim(100, noHeaders)
  }

  closed(error: Error | undefined): void {
    this.#deadline.dispose()
    const wasOpen = this.#state !== 'closed'
    this.#state = 'closed'
    if (!wasOpen || this.#exchange === undefined) return
    const reset = new ProxyError('client.reset', error?.message ?? 'closed by the client')
    this.#exchange.cancel(reset)
    this.#end({ kind: 'aborted', error: reset })
  }

  drained(): void {
    if (this.#state === 'lingering') return this.#deadline.set(lingerMs)
    if (this.#writer !== undefined) return this.#writer.drained()
    if (this.#state === 'exchange' && this.#exchange === undefined && this.#body?.isWhole !== false) this.#next()
  }

  pauseReading(): void {
    this.#connection.pause()
  }

  resumeReading(): void {
    this.#connection.resume()
  }

  sendContinue(): void {
    this.sendInterim(100, noHeaders)
  }

  sendInterim(status: number, headers: Headers): void {
    if (this.#writer !== undefined || this.#state !== 'exchange') return
    this.#connection.write(Buffer.from(encodeInterimHead(status, headers), 'latin1'))
  }

  #expired(): void {
    if (this.#state === 'lingering' || this.isIdle) return this.#connection.close()
    if (this.#state === 'exchange' && this.#body?.isWhole !== false) {
      return this.#exchange === undefined ? this.#connection.close() : this.#probe()
    }
    const seconds = this.#options.readTimeoutMs / 1000
    if (this.#state === 'waiting') {
      return this.#refuse(new ProxyError('client.headTimeout', `no whole head within ${seconds} s`))
    }
    const detail = `fewer than ${minimumProgressBytes} bytes of the body within ${seconds} s`
    this.#body?.fail(new ProxyError('client.bodyTimeout', detail))
  }
}

const noBodyWanted = new ProxyError('client.reset', 'this response has no body')
const exchangeOver = new ProxyError('client.reset', 'the exchange is over')
