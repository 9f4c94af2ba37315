import type { Body } from './body.ts'
import type { Exchange } from './exchange.ts'
import type { TunnelEnd } from '../net/tunnel.ts'
import type { Headers } from './headers.ts'
import type { Span } from '@opentelemetry/api'

export type HttpVersion = '1.0' | '1.1' | '2' | '3'

/** A request as the layers see it. Immutable: a layer that changes something hands on a spread copy. */
export interface HttpRequest {
  /** Case-sensitive, any token (RFC 9110 §9). */
  readonly method: string
  /** Path of the target, percent-encoding untouched, without the query; `*` for `OPTIONS *`. May be '' after a strip. */
  readonly path: string
  /** What follows the first `?`; undefined when there is none. */
  readonly query: string | undefined
  /** The Host field, or the authority of an absolute target or HTTP/2 pseudo field; '' when HTTP/1.0 sent none. */
  readonly host: string
  readonly version: HttpVersion
  /** All fields but Host, Content-Length and Transfer-Encoding: those live in `host` and in the body's framing. */
  readonly headers: Headers
  readonly body: Body
  /** The one record of this request's life, shared by all copies. */
  readonly exchange: Exchange
  /** The span that a layer's own span belongs under; undefined for a request that is not sampled. */
  readonly span: Span | undefined
  /**
   * True for a request that the proxy makes itself on a client's behalf, as for an error page. It has come from no
   * peer, so none is appended to X-Forwarded-For.
   */
  readonly synthetic?: true
}

export interface HttpResponse {
  readonly status: number
  /** All fields but Content-Length and Transfer-Encoding, which follow from the body. */
  readonly headers: Headers
  readonly body: Body
  /**
   * With status 101 only: takes the client's connection over once the head has been written. Whoever drops the
   * response instead must call `refuse`.
   */
  readonly upgrade?: Upgrade
  /** For an answer to HEAD or a 304, which have a length but no body: the Content-Length to announce. */
  readonly announcedLength?: number | undefined
}

export interface Upgrade {
  /** `client` is the connection itself; `early` what it sent after the request. Resolves when the tunnel has ended. */
  start(client: TunnelEnd, early: Uint8Array | undefined): Promise<void>
  refuse(): void
}

export type Handler = (request: HttpRequest) => Promise<HttpResponse>
export type Middleware = (next: Handler) => Handler

/** The target as it goes on the wire. */
export function requestTarget(request: Pick<HttpRequest, 'path' | 'query'>): string {
  const path = request.path === '' ? '/' : request.path
  return request.query === undefined ? path : `${path}?${request.query}`
}
