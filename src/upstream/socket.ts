import type { TLSOptions } from 'bun'
import { toProxyError, type ProxyError } from '../errors.ts'
import { isEmptyBody } from '../http/body.ts'
import { headerValue } from '../http/headers.ts'
import type { HttpResponse } from '../http/message.ts'
import { UpstreamConnection, type UpstreamConnectionOptions } from '../http1/client.ts'
import type { HeadLimits } from '../http1/head.ts'
import { dial, type PeerName, type TlsClientTerms } from '../net/dial.ts'
import { ConnectionPool } from './pool.ts'
import { dialAddress, type OutgoingRequest, type ServerAddress, type Transport } from './transport.ts'
import { Upstreams } from './upstreams.ts'

export interface SocketTransportOptions {
  readonly limits: HeadLimits
  readonly maxIdleConnectionsPerHost: number
  readonly dialTimeoutMs: number
  readonly responseHeaderTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly tls: TransportTls
}

export interface TransportTls {
  /** Sent and verified instead of the server's own host name. */
  readonly serverName: string | undefined
  readonly insecureSkipVerify: boolean
  readonly options: TLSOptions
  /** Of these the server's certificate must have one; undefined: any will do. */
  readonly peerNames: readonly PeerName[] | undefined
}

/** What is asked of a server's certificate; undefined for a plain connection. */
export function tlsTerms({ scheme, host }: ServerAddress, tls: TransportTls): TlsClientTerms | undefined {
  if (scheme !== 'https') return undefined
  const { serverName, insecureSkipVerify, options, peerNames } = tls
  return { serverName: serverName ?? host, insecureSkipVerify, options, peerNames }
}

/** HTTP/1.1 over pooled connections of our own codec: nothing of a message is changed on the way. */
export function socketTransport(options: SocketTransportOptions): Transport {
  return new SocketTransport(options)
}

/** One upstream identity: requests that may share a connection. */
interface Upstream {
  readonly server: ServerAddress
  readonly pool: ConnectionPool
  readonly connectionOptions: UpstreamConnectionOptions
}

class SocketTransport implements Transport {
  readonly #options: SocketTransportOptions
  readonly #upstreams: Upstreams<Upstream>

  constructor(options: SocketTransportOptions) {
    this.#options = options
    this.#upstreams = new Upstreams<Upstream>({
      make: (server) => this.#makeUpstream(server),
      readdress: ({ pool }, addresses) => pool.retain(addresses),
      close: ({ pool }) => pool.close(),
      idleTimeoutMs: options.idleTimeoutMs,
    })
  }

  send(request: OutgoingRequest): Promise<HttpResponse> {
    const upstream = this.#upstreams.get(request.server)
    const pooled = upstream.pool.take()
    return pooled === undefined ? this.#sendFresh(upstream, request) : pooled.send(request)
  }

  close(): void {
    this.#upstreams.close()
  }

  /**
   * A kept connection may have been closed by the server in the very moment it was taken. Sent again once, on a fresh
   * one, and only what the server may see twice (RFC 9110 §9.2.2).
   */
  #resend(request: OutgoingRequest, error: ProxyError): Promise<HttpResponse> | undefined {
    if (error.code !== 'upstream.reset' || request.exchange.cancelled !== undefined) return undefined
    return canReplay(request) ? this.#sendFresh(this.#upstreams.get(request.server), request) : undefined
  }

  async #sendFresh(upstream: Upstream, request: OutgoingRequest): Promise<HttpResponse> {
    const { server } = upstream
    const address = dialAddress(server)
    const tls = tlsTerms(server, this.#options.tls)
    const { exchange, body } = request
    const connection = await dial({ address, tls, timeoutMs: this.#options.dialTimeoutMs, exchange }).catch(
      (thrown) => {
        body.cancel(toProxyError(thrown))
        throw thrown
      },
    )
    const { cancelled } = exchange
    if (cancelled !== undefined) {
      connection.close()
      body.cancel(cancelled)
      throw cancelled
    }
    return new UpstreamConnection(connection, upstream.connectionOptions).send(request)
  }

  #makeUpstream(server: ServerAddress): Upstream {
    const pool = new ConnectionPool(this.#options.maxIdleConnectionsPerHost)
    const connectionOptions: UpstreamConnectionOptions = {
      limits: this.#options.limits,
      responseHeaderTimeoutMs: this.#options.responseHeaderTimeoutMs,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      keep: (connection) => pool.give(connection),
      gone: (connection) => pool.remove(connection),
      resend: (request, error) => this.#resend(request, error),
    }
    return { server, pool, connectionOptions }
  }
}

const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Go's rule: no body to lose, and a method or a key that says twice is as good as once. */
export function canReplay(request: OutgoingRequest): boolean {
  if (!isEmptyBody(request.body)) return false
  if (idempotentMethods.has(request.method)) return true
  return (
    headerValue(request.headers, 'idempotency-key') !== undefined ||
    headerValue(request.headers, 'x-idempotency-key') !== undefined
  )
}
