import { ProxyError } from '../errors.ts'
import { emptyBody, isEmptyBody, ownedBody } from '../http/body.ts'
import type { Cancellable } from '../http/exchange.ts'
import type { HttpResponse, Upgrade } from '../http/message.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { tunnel } from '../net/tunnel.ts'
import type { OutgoingRequest } from '../upstream/transport.ts'
import { bodyPieces, createDecoder, type BodyDecoder } from './body-decoder.ts'
import type { Framing } from './framing.ts'
import { encodeRequestHead, parseResponseHead, type HeadLimits, type ResponseHead } from './head.ts'
import { IncomingBody, type BodySource } from './incoming-body.ts'
import { MessageWriter, writeAtOnce, type WriterOwner } from './message-writer.ts'
import { hasListToken } from './scan.ts'
import { PendingBytes } from '../net/pending-bytes.ts'

export interface UpstreamConnectionOptions {
  readonly limits: HeadLimits
  /** From the last byte of the request to the head of the response; 0: no limit. */
  readonly responseHeaderTimeoutMs: number
  /** How long an unused connection is kept; 0: for ever. */
  readonly idleTimeoutMs: number
  /** Takes the connection back for the next request. False: it is not wanted, and closes. */
  keep(connection: UpstreamConnection): boolean
  /** The connection has closed while it was kept. */
  gone(connection: UpstreamConnection): void
  /**
   * A kept connection has failed its exchange with `error`: the response of another attempt, or undefined when there
   * is to be none.
   */
  resend(request: OutgoingRequest, error: ProxyError): Promise<HttpResponse> | undefined
}

/** A tunnel has no time-out: only probes find out that a server has gone without a word (Traefik's dialer: 30 s). */
const tunnelKeepAliveMs = 30_000

/** How long a server is given to answer `Expect: 100-continue` before the body is sent all the same (as Go does). */
const continueTimeoutMs = 1000

/**
 *     idle ──send──▶ awaiting ──final head──▶ body ──last byte──▶ idle
 *                       │ 1xx: told, stays         └─▶ closed (not reusable)
 *                       └─▶ tunnel (101)    any ──error, cancel, time-out──▶ closed
 */
type State =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'awaiting'
      readonly resolve: (response: HttpResponse | Promise<HttpResponse>) => void
      readonly reject: (error: ProxyError) => void
    }
  | { readonly kind: 'body'; readonly body: IncomingBody; readonly decoder: BodyDecoder; readonly keepAlive: boolean }
  /** Until the client's side is joined: what the server has said since. */
  | { readonly kind: 'tunnel'; readonly early: Buffer[] }
  | { readonly kind: 'closed' }

const idle: State = { kind: 'idle' }
const closed: State = { kind: 'closed' }

/** One HTTP/1.1 connection to an upstream: one exchange at a time, never pipelined. */
export class UpstreamConnection implements Receiver, BodySource, WriterOwner, Cancellable {
  /** True until its first response: a failure then says more than that a kept connection has aged out. */
  #isFresh = true
  readonly #connection: Connection
  readonly #options: UpstreamConnectionOptions
  readonly #deadline = new Deadline(() => this.#expired())
  readonly #pending = new PendingBytes()
  /** So many of the pending bytes are known not to hold the end of a head. */
  #scannedBytes = 0
  #state: State = idle
  #request: OutgoingRequest | undefined
  #writer: MessageWriter | undefined
  #isWritten = false
  #heldHead: 'none' | 'awaitingContinue' = 'none'
  #interimBytes = 0

  constructor(connection: Connection, options: UpstreamConnectionOptions) {
    this.#connection = connection
    this.#options = options
    connection.attach(this)
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  send(request: OutgoingRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#state = { kind: 'awaiting', resolve, reject }
      this.#request = request
      this.#isWritten = false
      this.#interimBytes = 0
      this.#deadline.clear()
      request.exchange.onCancel(this)
      if (this.#state.kind === 'awaiting') this.#write(request)
    })
  }

  close(): void {
    this.#fail(new ProxyError('upstream.reset', 'connection closed by the proxy'))
  }

  #write(request: OutgoingRequest): void {
    const framing = requestFraming(request)
    const { method, target, host, headers } = request
    const head = encodeRequestHead({ method, target, host, headers, framing })
    const message = { connection: this.#connection, framing, body: request.body }
    const awaitsContinue = request.expectContinue && framing.kind !== 'none'
    if (!awaitsContinue && writeAtOnce(message, head)) return this.messageWritten()
    this.#writer = new MessageWriter(message, this)
    if (awaitsContinue) {
      this.#heldHead = 'awaitingContinue'
      this.#connection.write(Buffer.from(head, 'latin1'))
      this.#deadline.set(continueTimeoutMs)
      return
    }
    this.#writer.start(head)
  }

  #sendHeldBody(): void {
    if (this.#heldHead === 'none') return
    this.#heldHead = 'none'
    this.#deadline.clear()
    this.#writer?.start('')
  }

  messageWritten(): void {
    this.#isWritten = true
    const timeoutMs = this.#options.responseHeaderTimeoutMs
    if (this.#state.kind === 'awaiting' && timeoutMs > 0) this.#deadline.set(timeoutMs)
  }

  messageFailed(error: ProxyError): void {
    // The request's own body broke off (client gone or lying about its length): the server must not take it as whole.
    this.#fail(error)
  }

  cancelled(error: ProxyError): void {
    this.#fail(error)
  }

  received(bytes: Buffer): void {
    const state = this.#state
    if (state.kind === 'body') return this.#receiveBody(state, bytes, 0)
    // Nobody asked: whatever it is, it must never become the answer to somebody else's request.
    if (state.kind !== 'awaiting') return state.kind === 'tunnel' ? void state.early.push(bytes) : this.close()
    const all = this.#pending.join(bytes)
    let from = 0
    while (this.#state.kind === 'awaiting') {
      const asked = { requestMethod: this.#request?.method ?? 'GET', scanned: Math.max(from, this.#scannedBytes) }
      const result = parseResponseHead(all, from, this.#options.limits, asked)
      if (result.kind === 'bad') return this.#fail(new ProxyError('upstream.malformed', result.detail))
      if (result.kind === 'incomplete') {
        if (from > 0 || this.#pending.length === 0) this.#keepFrom(all, from)
        this.#scannedBytes = all.length - from
        return
      }
      if (result.head.status < 200) this.#countInterim(result.end - from)
      from = result.end
      this.#receiveHead(result.head, all, from)
    }
  }

  #keepFrom(all: Buffer, from: number): void {
    this.#pending.clear()
    if (from < all.length) this.#pending.keep(all.subarray(from))
  }

  /** Interim heads are one head without end to whoever reads them: all of them together keep to its limit. */
  #countInterim(bytes: number): void {
    this.#interimBytes += bytes
    if (this.#interimBytes <= this.#options.limits.maxHeadBytes) return
    this.#fail(new ProxyError('upstream.malformed', 'too many interim responses'))
  }

  #receiveHead(head: ResponseHead, all: Buffer, from: number): void {
    if (head.status === 100) return this.#sendHeldBody()
    if (head.status === 101) return this.#switchProtocols(head, all.subarray(from))
    if (head.status < 200) {
      this.#request?.exchange.interim?.sendInterim(head.status, head.headers)
      return
    }
    this.#pending.clear()
    this.#scannedBytes = 0
    this.#deadline.clear()
    this.#isFresh = false
    this.#answer(head, all, from)
  }

  #answer(head: ResponseHead, all: Buffer, from: number): void {
    if (this.#state.kind !== 'awaiting') return
    const { resolve } = this.#state
    const { framing } = head
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) {
      const announcedLength = framing.kind === 'none' ? head.contentLength : undefined
      resolve({ status: head.status, headers: head.headers, body: emptyBody, announcedLength })
      return this.#responseEnded(head.keepAlive && from === all.length)
    }
    if (framing.kind === 'length' && framing.bytes === all.length - from) {
      // The usual answer: small, and here with its head.
      resolve({ status: head.status, headers: head.headers, body: ownedBody(all, from) })
      return this.#responseEnded(head.keepAlive)
    }
    const body = new IncomingBody(framing.kind === 'length' ? framing.bytes : undefined, this, bodyPieces(framing))
    const state: State = {
      kind: 'body',
      body,
      decoder: createDecoder(framing, this.#options.limits),
      keepAlive: head.keepAlive,
    }
    this.#state = state
    if (from < all.length) this.#receiveBody(state, all, from)
    resolve({ status: head.status, headers: head.headers, body })
  }

  #receiveBody(state: Extract<State, { kind: 'body' }>, bytes: Buffer, from: number): void {
    // Its pieces may have been sent and freed when the decoder comes back, and then it is empty.
    const { length } = bytes
    const end = state.decoder.decode(bytes, from, state.body)
    if (end.kind === 'more') return
    if (end.kind === 'bad') return this.#fail(new ProxyError('upstream.malformed', end.detail))
    // More than the message: the surplus belongs to nobody, and the connection can't be trusted with another request.
    const isClean = end.end === length
    this.#responseEnded(state.keepAlive && isClean)
    state.body.finish(state.decoder.trailers)
  }

  #responseEnded(isReusable: boolean): void {
    this.#state = idle
    if (this.#isWritten) return this.#retire(isReusable)
    // Answered before the request was sent whole: the rest is of no use, and the connection neither.
    this.#writer?.cancel(new ProxyError('upstream.reset', 'the server answered before it had the whole request'))
    this.#retire(false)
  }

  /** The exchange is over: the connection goes back to its pool or closes. */
  #retire(isReusable: boolean): void {
    this.#request?.exchange.offCancel(this)
    this.#request = undefined
    this.#writer = undefined
    if (isReusable && this.#options.keep(this)) {
      this.#connection.resume()
      this.#deadline.set(this.#options.idleTimeoutMs)
      return
    }
    this.#state = closed
    this.#deadline.dispose()
    this.#connection.close()
  }

  #switchProtocols(head: ResponseHead, early: Buffer): void {
    if (this.#state.kind !== 'awaiting') return
    if (this.#request?.upgrade === undefined) {
      return this.#fail(new ProxyError('upstream.malformed', '101 without an Upgrade in the request'))
    }
    if (!this.#isWritten) return this.#fail(new ProxyError('upstream.malformed', '101 before the whole request'))
    if (!isOffered(head.upgrade, this.#request.upgrade)) {
      return this.#fail(
        new ProxyError('upstream.malformed', `101 to ${head.upgrade ?? 'nothing'}, which nobody offered`),
      )
    }
    const { resolve } = this.#state
    this.#request.exchange.offCancel(this)
    const pieces = early.length > 0 ? [early] : []
    this.#state = { kind: 'tunnel', early: pieces }
    this.#deadline.dispose()
    this.#pending.clear()
    this.#connection.pause()
    this.#connection.setKeepAlive(tunnelKeepAliveMs)
    resolve({ status: 101, headers: head.headers, body: emptyBody, upgrade: this.#upgrade(pieces) })
  }

  #upgrade(fromServer: readonly Buffer[]): Upgrade {
    const connection = this.#connection
    return {
      start: (client, early) =>
        new Promise((resolve) => {
          const fromFirst = early === undefined ? [] : [early]
          tunnel(client, connection, { terminationDelayMs: -1, fromFirst, fromSecond: fromServer, onClosed: resolve })
        }),
      refuse: () => connection.close(),
    }
  }

  ended(): void {
    // Whoever joins the tunnel sees it on the connection.
    if (this.#state.kind === 'tunnel') return
    this.#finishOrFail(undefined)
    this.#connection.close()
  }

  closed(error: Error | undefined): void {
    this.#finishOrFail(error)
  }

  /** No byte will follow: the natural end of a body without length, a fault anywhere else. */
  #finishOrFail(error: Error | undefined): void {
    const state = this.#state
    if (state.kind === 'body' && error === undefined && state.decoder.finish() === 'complete') {
      this.#responseEnded(false)
      return state.body.finish(state.decoder.trailers)
    }
    const detail = error?.message ?? 'closed by the server'
    const before = this.#pending.length > 0 ? 'in the middle of the response head' : 'before it answered'
    if (state.kind === 'body') this.#fail(new ProxyError('upstream.truncated', `${detail} in the middle of the body`))
    else if (this.#pending.length > 0) this.#fail(new ProxyError('upstream.malformed', `${detail} ${before}`))
    else this.#fail(new ProxyError('upstream.reset', `${detail} ${before}`, error))
  }

  #fail(error: ProxyError): void {
    const state = this.#state
    if (state.kind === 'closed' || state.kind === 'tunnel') return
    this.#state = closed
    this.#deadline.dispose()
    this.#request?.exchange.offCancel(this)
    if (state.kind === 'idle') this.#options.gone(this)
    if (state.kind === 'awaiting') this.#giveUp(state, error)
    if (state.kind === 'body') state.body.fail(error)
    if (this.#writer !== undefined) this.#writer.cancel(error)
    else this.#request?.body.cancel(error)
    // A request that is cut short must not look whole; a response that nobody wants must not be sent on.
    this.#connection.close(state.kind === 'idle' ? undefined : error)
  }

  #giveUp({ resolve, reject }: Extract<State, { kind: 'awaiting' }>, error: ProxyError): void {
    const again = this.#isFresh ? undefined : this.#options.resend(this.#request!, error)
    if (again === undefined) reject(error)
    else resolve(again)
  }

  #expired(): void {
    if (this.#heldHead === 'awaitingContinue') return this.#sendHeldBody()
    if (this.#state.kind === 'awaiting') {
      const seconds = this.#options.responseHeaderTimeoutMs / 1000
      return this.#fail(new ProxyError('upstream.responseTimeout', `no response head within ${seconds} s`))
    }
    this.close()
  }

  drained(): void {
    this.#writer?.drained()
  }

  holdBody(): void {
    this.#connection.pause()
  }

  wantBody(): void {
    this.#connection.resume()
  }

  dropBody(reason: ProxyError): void {
    this.#fail(reason)
  }
}

/** RFC 9110 §7.8: the server picks from what was offered. */
function isOffered(agreed: string | undefined, offered: string): boolean {
  return agreed !== undefined && hasListToken(offered, agreed.toLowerCase())
}

/** A body of unknown length is chunked; an empty one is announced only where its absence would surprise (RFC 9110 §8.6). */
function requestFraming(request: OutgoingRequest): Framing {
  const { length } = request.body
  if (length === undefined) return { kind: 'chunked' }
  if (!isEmptyBody(request.body)) return { kind: 'length', bytes: length }
  return announcesEmptyBody.has(request.method) ? { kind: 'length', bytes: 0 } : { kind: 'none' }
}

const announcesEmptyBody = new Set(['POST', 'PUT', 'PATCH'])
