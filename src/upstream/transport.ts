import type { Body } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Headers } from '../http/headers.ts'
import type { HttpResponse } from '../http/message.ts'

/** Where a server listens; one object per server, made at snapshot time. */
export interface ServerAddress {
  /** `h2c`: HTTP/2 without TLS, by prior knowledge. */
  readonly scheme: 'http' | 'https' | 'h2c'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** `host` or `host:port` as it stands in the URL: the Host field when the client's is not passed on. */
  readonly authority: string
  /** `http://10.0.0.1:8080`, without path: what a target is appended to. */
  readonly origin: string
  /** A Unix socket instead of host and port; `origin` is then `unix:/run/app.sock`. */
  readonly socketPath?: string
}

/** Where to dial for it. */
export function dialAddress({
  host,
  port,
  socketPath,
}: ServerAddress): { host: string; port: number } | { path: string } {
  return socketPath === undefined ? { host, port } : { path: socketPath }
}

/** A request as it leaves: every header decided, only the framing is left to the transport. */
export interface OutgoingRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: Headers
  readonly body: Body
  readonly server: ServerAddress
  /** Aborts this request when cancelled; takes its interim responses. */
  readonly exchange: Exchange
  /** The protocol to switch to when `headers` carry an Upgrade. */
  readonly upgrade: string | undefined
  /** The client waits for 100 (Continue) before it sends the body. */
  readonly expectContinue: boolean
}

/**
 * Carries one request to one server and gives its response, or rejects with a ProxyError. It ends the request's body
 * in every case, and its own exchange when the client goes away. One contract suite runs on every implementation.
 */
export interface Transport {
  send(request: OutgoingRequest): Promise<HttpResponse>
  /** Closes idle connections now and the others when their exchange ends. */
  close(): void
}
