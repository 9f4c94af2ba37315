import { ProxyError, toProxyError } from '../errors.ts'
import { emptyBody } from '../http/body.ts'
import { httpDate } from '../http/date.ts'
import { Exchange, type ClientFacts, type InterimSender, type Outcome } from '../http/exchange.ts'
import { hasHeader, type Headers } from '../http/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { errorReply } from '../http/reply.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { createDecoder, type BodyDecoder } from './body-decoder.ts'
import type { Framing } from './framing.ts'
import { encodeInterimHead, encodeResponseHead, parseRequestHead, type HeadLimits, type RequestHead } from './head.ts'
import { IncomingBody, type BodySource } from './incoming-body.ts'
import { MessageWriter, type WriterOwner } from './message-writer.ts'
import { PendingBytes } from '../net/pending-bytes.ts'

export interface Http1ServerOptions {
  readonly entryPoint: string
  readonly limits: HeadLimits
  /** For a head to arrive, and for a body to make progress (see `minimumProgressBytes`); 0: no limit. */
  readonly readTimeoutMs: number
  /** From the end of the head to the last byte of the response; 0: no limit. */
  readonly writeTimeoutMs: number
  readonly idleTimeoutMs: number
  /** The response to this many requests, or after this age, closes the connection; 0: no limit. */
  readonly keepAliveMaxRequests: number
  readonly keepAliveMaxTimeMs: number
  /** The handler chain for a request that begins now. */
  handler(): Handler
  /** True from the beginning of a shutdown: every response closes its connection. */
  isDraining(): boolean
  /** Told of every exchange at its end. */
  finished(exchange: Exchange): void
}

/** A body must bring at least this many bytes within each `readTimeoutMs`, however long it takes in all. */
const minimumProgressBytes = 1024
/** What is left of a request body that nobody read is swallowed up to here to keep the connection (as Go does). */
const swallowLimitBytes = 256 * 1024
/** Pipelined bytes that may wait behind a running exchange. */
const pipelineLimitBytes = 64 * 1024
/** How long a closing connection waits for the peer's FIN, so that a reset does not destroy the response. */
const lingerMs = 5000

/**
 *     waiting ──head──▶ exchange ──response written──▶ waiting (keep-alive)
 *        │ bad head        │ client gone                └─▶ lingering ──FIN or time──▶ closed
 *        └─▶ lingering     └─▶ closed
 */
type State = 'waiting' | 'exchange' | 'lingering' | 'closed'

/** One HTTP/1 connection from a client: requests one after the other, responses in the same order. */
export class Http1Session implements Receiver, BodySource, WriterOwner, InterimSender {
  readonly #connection: Connection
  readonly #client: ClientFacts
  readonly #options: Http1ServerOptions
  readonly #startedAt = performance.now()
  readonly #deadline = new Deadline(() => this.#expired())
  readonly #pending = new PendingBytes()
  readonly #respondBound = (response: HttpResponse) => this.#respond(response)
  readonly #failBound = (thrown: unknown) => this.#respond(errorReply(toProxyError(thrown)), toProxyError(thrown))
  #state: State = 'waiting'
  #requestCount = 0
  #head: RequestHead | undefined
  #exchange: Exchange | undefined
  #body: IncomingBody | undefined
  #decoder: BodyDecoder | undefined
  #bodyUse: 'forwarded' | 'swallowed' = 'forwarded'
  #swallowedBytes = 0
  #progressBytes = 0
  #owesContinue = false
  #writer: MessageWriter | undefined
  #keepAlive = true
  #peerEnded = false
  #writeTimer: Timer | undefined

  /** `early`: bytes that were read while the protocol was identified. */
  constructor(connection: Connection, client: ClientFacts, options: Http1ServerOptions) {
    this.#connection = connection
    this.#client = client
    this.#options = options
  }

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
    if (this.#decoder !== undefined) return this.#receiveBody(this.#decoder, bytes, 0)
    if (this.#state === 'waiting') return this.#receiveHead(bytes)
    this.#pending.keep(bytes)
    if (this.#pending.length > pipelineLimitBytes) this.#connection.pause()
  }

  #receiveHead(bytes: Buffer): void {
    const wasEmpty = this.#pending.length === 0
    const all = this.#pending.join(bytes)
    const result = parseRequestHead(all, 0, this.#options.limits)
    if (result.kind === 'head') {
      this.#pending.clear()
      return this.#begin(result.head, all, result.end)
    }
    if (result.kind === 'bad') {
      this.#pending.clear()
      return this.#refuse(new ProxyError(result.code, result.detail))
    }
    if (!wasEmpty) return
    this.#pending.keep(bytes)
    // The clock of a head runs from its first byte, so that a drip of bytes does not stretch it.
    this.#deadline.set(this.#options.readTimeoutMs)
  }

  #begin(head: RequestHead, bytes: Buffer, end: number): void {
    this.#state = 'exchange'
    this.#requestCount += 1
    this.#head = head
    this.#keepAlive = head.keepAlive
    this.#deadline.clear()
    const exchange = this.#startExchange()
    if (head.version === '1.1') exchange.interim = this
    const body = this.#openBody(head)
    const { method, path, query, host, version, headers } = head
    const request: HttpRequest = { method, path, query, host, version, headers, body, exchange, span: undefined }
    exchange.request = request
    if (this.#decoder !== undefined) this.#receiveBody(this.#decoder, bytes, end)
    else if (end < bytes.length) this.#pending.keep(bytes.subarray(end))
    // What follows may have failed the exchange already (a bad chunk in the same packet).
    if (this.#exchange === exchange) this.#options.handler()(request).then(this.#respondBound, this.#failBound)
  }

  #startExchange(): Exchange {
    const exchange = new Exchange(this.#options.entryPoint, this.#client, performance.timeOrigin + performance.now())
    this.#exchange = exchange
    if (this.#options.writeTimeoutMs > 0) {
      const seconds = this.#options.writeTimeoutMs / 1000
      const late = () => this.abort(new ProxyError('proxy.writeTimeout', `response not written within ${seconds} s`))
      this.#writeTimer = setTimeout(late, this.#options.writeTimeoutMs)
    }
    return exchange
  }

  #openBody(head: RequestHead): HttpRequest['body'] {
    const { framing } = head
    this.#owesContinue = false
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) return emptyBody
    this.#decoder = createDecoder(framing, this.#options.limits)
    this.#body = new IncomingBody(framing.kind === 'length' ? framing.bytes : undefined, this)
    this.#bodyUse = 'forwarded'
    this.#swallowedBytes = 0
    this.#owesContinue = head.expectContinue
    this.#progressBytes = 0
    this.#deadline.set(this.#options.readTimeoutMs)
    return this.#body
  }

  #receiveBody(decoder: BodyDecoder, bytes: Buffer, from: number): void {
    if (bytes.length === from) return
    this.#noteProgress(bytes.length - from)
    // A client that sends before it was told to go on needs no telling (RFC 9110 §10.1.1).
    this.#owesContinue = false
    const result = decoder.decode(bytes, from, this.#body!)
    if (result.kind === 'bad') return this.#bodyFailed(new ProxyError('client.malformed', result.detail))
    if (result.kind === 'more') return
    this.#decoder = undefined
    this.#deadline.clear()
    if (result.end < bytes.length) this.#pending.keep(bytes.subarray(result.end))
    this.#body!.finish(decoder.trailers)
    // The response went out while the rest of the request was swallowed: now the connection is free.
    if (this.#state === 'exchange' && this.#exchange === undefined) this.#next()
  }

  #noteProgress(bytes: number): void {
    if (this.#exchange !== undefined) this.#exchange.requestBytes += bytes
    if (this.#bodyUse === 'swallowed') {
      this.#swallowedBytes += bytes
      if (this.#swallowedBytes > swallowLimitBytes) return this.#linger()
    }
    this.#progressBytes += bytes
    if (this.#progressBytes < minimumProgressBytes) return
    this.#progressBytes = 0
    this.#deadline.set(this.#options.readTimeoutMs)
  }

  #bodyFailed(error: ProxyError): void {
    this.#decoder = undefined
    this.#keepAlive = false
    this.#body?.fail(error)
    this.#exchange?.cancel(error)
    if (this.#writer !== undefined) return this.abort(error)
    if (this.#exchange !== undefined) this.#respond(errorReply(error), error)
    else this.#linger()
  }

  #refuse(error: ProxyError): void {
    this.#state = 'exchange'
    this.#keepAlive = false
    this.#startExchange()
    this.#respond(errorReply(error), error)
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
    this.#keepAlive = this.#mayKeepAlive(framing)
    const headers = this.#completeHeaders(response)
    const announcedLength = framing.kind === 'none' ? response.announcedLength : undefined
    this.#writer = new MessageWriter({ connection: this.#connection, framing, body: response.body }, this)
    const head = encodeResponseHead({ status: response.status, headers, framing, announcedLength })
    if (framing.kind === 'none') response.body.cancel(noBodyWanted)
    this.#writer.start(head)
  }

  #framingOf(response: HttpResponse): Framing {
    const { status, body } = response
    if (this.#head?.method === 'HEAD' || status === 204 || status === 304 || status < 200) return { kind: 'none' }
    if (body.length !== undefined) return { kind: 'length', bytes: body.length }
    return this.#head?.version === '1.0' ? { kind: 'until-close' } : { kind: 'chunked' }
  }

  #mayKeepAlive(framing: Framing): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTimeMs } = this.#options
    if (!this.#keepAlive || framing.kind === 'until-close' || this.#peerEnded || this.#options.isDraining()) return false
    if (keepAliveMaxRequests > 0 && this.#requestCount >= keepAliveMaxRequests) return false
    if (keepAliveMaxTimeMs > 0 && performance.now() - this.#startedAt >= keepAliveMaxTimeMs) return false
    if (this.#decoder === undefined) return true
    // The client was never told to send its body and may or may not do so: the next bytes would be ambiguous.
    if (this.#owesContinue) return false
    const length = this.#body?.length
    return length === undefined || length <= swallowLimitBytes
  }

  #completeHeaders(response: HttpResponse): Headers {
    const extra: string[] = []
    if (!hasHeader(response.headers, 'date')) extra.push('Date', httpDate())
    if (!this.#keepAlive) extra.push('Connection', 'close')
    else if (this.#head?.version === '1.0') extra.push('Connection', 'keep-alive')
    return extra.length === 0 ? response.headers : [...response.headers, ...extra]
  }

  #switchProtocols(response: HttpResponse): void {
    const head = encodeResponseHead({ status: 101, headers: response.headers, framing: { kind: 'none' } })
    this.#connection.write(Buffer.from(head, 'latin1'))
    const early = this.#pending.length > 0 ? this.#pending.view() : undefined
    this.#pending.clear()
    this.#deadline.dispose()
    clearTimeout(this.#writeTimer)
    this.#state = 'closed'
    const exchange = this.#exchange!
    response.upgrade!.start(this.#connection, early).then(() => this.#finish(exchange, { kind: 'complete' }))
  }

  messageWritten(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#end({ kind: 'complete' })
    if (!this.#keepAlive) return this.#linger()
    if (this.#decoder === undefined) return this.#next()
    this.#swallow()
  }

  messageFailed(error: ProxyError): void {
    // The head promised more than came: only a cut connection tells the client so (RFC 9112 §8).
    this.#exchange?.cancel(error)
    this.#end({ kind: 'aborted', error })
    this.#connection.close(error)
  }

  #swallow(): void {
    this.#bodyUse = 'swallowed'
    this.#connection.resume()
  }

  /** Publishes the end of the exchange. The state is the caller's to set. */
  #end(outcome: Outcome): void {
    clearTimeout(this.#writeTimer)
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    exchange.responseBytes = this.#writer?.bodyBytes ?? 0
    const writer = this.#writer
    this.#writer = undefined
    if (outcome.kind === 'aborted') {
      writer?.cancel(outcome.error)
      this.#body?.fail(outcome.error)
    }
    this.#finish(exchange, outcome)
  }

  #finish(exchange: Exchange, outcome: Outcome): void {
    exchange.endedAt = performance.timeOrigin + performance.now()
    exchange.outcome = outcome
    this.#options.finished(exchange)
  }

  #next(): void {
    this.#state = 'waiting'
    this.#body = undefined
    this.#head = undefined
    if (this.#peerEnded || this.#options.isDraining()) return this.#linger()
    this.#deadline.set(this.#options.idleTimeoutMs)
    this.#connection.resume()
    if (this.#pending.length === 0) return
    const bytes = this.#pending.view()
    this.#pending.clear()
    this.#receiveHead(bytes)
  }

  #linger(): void {
    this.#state = 'lingering'
    this.#decoder = undefined
    this.#pending.clear()
    this.#connection.end()
    if (this.#peerEnded) return
    this.#connection.resume()
    this.#deadline.set(lingerMs)
  }

  ended(): void {
    this.#peerEnded = true
    if (this.#state === 'lingering') return this.#connection.end()
    if (this.#state === 'waiting') return this.#linger()
    if (this.#decoder !== undefined) {
      const error = new ProxyError('client.reset', 'the client ended in the middle of its request body')
      return this.abort(error)
    }
    this.#probe()
  }

  /**
   * A FIN says either "I have nothing more to send" or "I am gone", and only the answer to further bytes tells which:
   * a peer that is gone resets. So some are sent that change nothing: an interim 100 before the response
   * (RFC 9110 §15.2 lets a client expect any number), a leading zero of the next chunk size within it.
   */
  #probe(): void {
    if (this.#writer !== undefined) this.#writer.probe()
    else if (this.#head?.version === '1.1') this.sendInterim(100, [])
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
    this.#writer?.drained()
  }

  holdBody(): void {
    this.#deadline.clear()
    this.#connection.pause()
  }

  wantBody(): void {
    if (this.#owesContinue) {
      this.#owesContinue = false
      this.sendInterim(100, [])
    }
    if (this.#decoder === undefined) return
    this.#deadline.set(this.#options.readTimeoutMs)
    this.#connection.resume()
  }

  dropBody(): void {
    if (this.#decoder !== undefined) this.#swallow()
  }

  sendInterim(status: number, headers: Headers): void {
    if (this.#writer !== undefined || this.#state !== 'exchange') return
    this.#connection.write(Buffer.from(encodeInterimHead(status, headers), 'latin1'))
  }

  #expired(): void {
    if (this.#state === 'lingering' || this.isIdle) {
      this.#state = 'closed'
      return this.#connection.close()
    }
    const seconds = this.#options.readTimeoutMs / 1000
    if (this.#state === 'waiting') return this.#refuse(new ProxyError('client.headTimeout', `no whole head within ${seconds} s`))
    const detail = `fewer than ${minimumProgressBytes} bytes of the body within ${seconds} s`
    this.#bodyFailed(new ProxyError('client.bodyTimeout', detail))
  }
}

const noBodyWanted = new ProxyError('client.reset', 'this response has no body')
