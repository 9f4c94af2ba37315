import { toProxyError, type ProxyError } from '../errors.ts'
import { isEmptyBody } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { HttpResponse } from '../http/message.ts'
import { Http2Connection, type Http2ConnectionOptions } from '../http2/client.ts'
import { ConnectionLost, Unprocessed } from '../http2/unprocessed.ts'
import type { Connection } from '../net/connection.ts'
import { dial, type TlsClientTerms } from '../net/dial.ts'
import { canReplay, type SocketTransportOptions } from './socket.ts'
import { dialAddress, type OutgoingRequest, type ServerAddress, type Transport } from './transport.ts'
import { Upstreams } from './upstreams.ts'

export interface Http2TransportOptions extends Omit<SocketTransportOptions, 'maxIdleConnectionsPerHost'> {
  /** See `LivenessOptions`. */
  readonly readIdleTimeoutMs: number
  readonly pingTimeoutMs: number
}

/**
 * HTTP/2 to `h2c` servers, and to `https` servers that choose it in the TLS handshake; requests to other `https`
 * servers go to `http1`.
 */
export function http2Transport(options: Http2TransportOptions, http1: Pick<Transport, 'send'>): Transport {
  return new Http2Transport(options, http1)
}

/** One upstream identity: requests that may share a connection. */
interface Upstream {
  readonly server: ServerAddress
  readonly connections: Set<Http2Connection>
  /** The one that is being opened, which all requests without a place wait for. */
  opening: Promise<void> | undefined
  /** Told by the last handshake. */
  speaksHttp1: boolean
  /** Its transport has been closed: a connection carries what still comes, and nothing after that. */
  isClosed: boolean
}

class Http2Transport implements Transport {
  readonly #options: Http2TransportOptions
  readonly #http1: Pick<Transport, 'send'>
  readonly #upstreams: Upstreams<Upstream>

  constructor(options: Http2TransportOptions, http1: Pick<Transport, 'send'>) {
    this.#options = options
    this.#http1 = http1
    this.#upstreams = new Upstreams<Upstream>({
      make: (server) => ({ server, connections: new Set(), opening: undefined, speaksHttp1: false, isClosed: false }),
      readdress: (upstream, addresses) => leaveOthers(upstream, addresses),
      close: (upstream) => closeUpstream(upstream),
      idleTimeoutMs: options.idleTimeoutMs,
    })
  }

  async send(request: OutgoingRequest): Promise<HttpResponse> {
    const upstream = this.#upstreams.get(request.server)
    try {
      return await this.#attempt(upstream, request)
    } catch (thrown) {
      const isLost = thrown instanceof ConnectionLost && canReplay(request)
      const canRepeat = isLost || (thrown instanceof Unprocessed && isEmptyBody(request.body))
      if (!canRepeat || request.exchange.cancelled !== undefined) throw thrown
      return await this.#attempt(upstream, request)
    }
  }

  close(): void {
    this.#upstreams.close()
  }

  async #attempt(upstream: Upstream, request: OutgoingRequest): Promise<HttpResponse> {
    while (!upstream.speaksHttp1) {
      const { cancelled } = request.exchange
      if (cancelled !== undefined) return this.#drop(request, cancelled)
      // Looked for anew after each wait, and taken at once: others have waited for the same connection.
      const connection = withRoom(upstream)
      if (connection !== undefined) return sendOver(connection, request, upstream)
      upstream.opening ??= this.#open(upstream).finally(() => (upstream.opening = undefined))
      await whileWanted(upstream.opening, request.exchange).catch((thrown) => this.#drop(request, toProxyError(thrown)))
    }
    return this.#http1.send(request)
  }

  #drop(request: OutgoingRequest, error: ProxyError): never {
    request.body.cancel(error)
    throw error
  }

  async #open(upstream: Upstream): Promise<void> {
    const { server, connections } = upstream
    const connection = await dial({
      address: dialAddress(server),
      tls: server.scheme === 'https' ? this.#tlsTerms(server) : undefined,
      timeoutMs: this.#options.dialTimeoutMs,
    })
    if (server.scheme === 'https' && connection.alpnProtocol !== 'h2') return this.#leaveToHttp1(upstream, connection)
    const options: Http2ConnectionOptions = { ...this.#options, gone: (ended) => connections.delete(ended) }
    connections.add(await Http2Connection.open(connection, options, this.#options.dialTimeoutMs))
  }

  #leaveToHttp1(upstream: Upstream, connection: Connection): void {
    connection.close()
    upstream.speaksHttp1 = true
  }

  #tlsTerms(server: ServerAddress): TlsClientTerms {
    const { serverName, insecureSkipVerify, options, peerNames } = this.#options.tls
    const offered = { ...options, ALPNProtocols: offeredProtocols }
    return { serverName: serverName ?? server.host, insecureSkipVerify, options: offered, peerNames }
  }
}

/** The connection is opened for others as well, and goes on; this request waits no longer than its client does. */
function whileWanted(opening: Promise<void>, exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const listener = { cancelled: reject }
    exchange.onCancel(listener)
    opening.then(resolve, reject).finally(() => exchange.offCancel(listener))
  })
}

/** RFC 7301 §3.1: each name after its length. */
const offeredProtocols = Buffer.from('\x02h2\x08http/1.1', 'latin1')

/** The first with room: when there are few requests the others age out. */
function withRoom({ connections }: Upstream): Http2Connection | undefined {
  for (const connection of connections) {
    if (connection.hasRoom) return connection
  }
  return undefined
}

function sendOver(
  connection: Http2Connection,
  request: OutgoingRequest,
  { isClosed }: Upstream,
): Promise<HttpResponse> {
  const answer = connection.send(request)
  if (isClosed) connection.close()
  return answer
}

/** After a change of its name's addresses a server is met anew; what has begun is finished. */
function leaveOthers(upstream: Upstream, addresses: ReadonlySet<string>): void {
  upstream.speaksHttp1 = false
  closeAll([...upstream.connections].filter(({ remoteAddress }) => !addresses.has(remoteAddress)))
}

function closeUpstream(upstream: Upstream): void {
  upstream.isClosed = true
  closeAll(upstream.connections)
}

function closeAll(connections: Iterable<Http2Connection>): void {
  for (const connection of connections) connection.close()
}
