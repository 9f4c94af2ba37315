import type { ClientFacts, TlsFacts } from '../http/exchange.ts'
import { ProxyError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'
import { listen, type Listener } from '../net/listen.ts'
import type { Log } from '../observe/log.ts'
import type { ConnectionRoutes } from './connection-routes.ts'
import { Identification, type Identified, type IdentifyOptions } from './identify.ts'
import { listenText } from './listen-address.ts'
import { terminateTls } from './terminate-tls.ts'
import type { TlsTerms } from './tls-terms.ts'

/** One HTTP connection as the entry point sees it; http1/ and http2/ make them. */
export interface Session {
  /** Between two requests: closing it loses nothing. */
  readonly isIdle: boolean
  abort(reason: ProxyError): void
  /** Takes no more requests, and closes after those in progress. Without it an idle session is simply closed. */
  drain?(): void
}

export interface EntryPointOptions {
  readonly name: string
  readonly hostname: string
  readonly port: number
  readonly reusePort: boolean
  readonly proxyProtocol: IdentifyOptions['proxyProtocol']
  readonly readTimeoutMs: number
  readonly log: Log
  /** The current snapshot's. */
  routes(): ConnectionRoutes
  /** Starts serving HTTP; `early` are bytes that have been read already. */
  serveHttp(connection: Connection, client: ClientFacts, early: Buffer): Session
}

/** How long a connection that was opened just before the end may take to say something. */
const firstBytesMs = 250

/** A listening address with all its connections, from accept to the last byte. */
export class EntryPoint {
  readonly name: string
  readonly #options: EntryPointOptions
  readonly #listener: Listener
  /** Undefined for what only its two ends can bring to an end: handshakes and tunnels. */
  readonly #sessions = new Map<Connection, Session | undefined>()
  #isDraining = false
  #allGone: (() => void) | undefined

  /** Opens the listener; throws when the address can't be had. */
  constructor(options: EntryPointOptions) {
    this.name = options.name
    this.#options = options
    this.#listener = listen({ ...options, accept: (connection) => this.#accept(connection) })
  }

  /** `127.0.0.1:8080`, with the port that was given for port 0. */
  get address(): string {
    return listenText(this.#listener)
  }

  get port(): number {
    return this.#listener.port
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  get connectionCount(): number {
    return this.#sessions.size
  }

  /** Stops accepting, lets what is in progress end within `graceMs`, then cuts it. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true
    this.#listener.stop()
    for (const [connection, session] of this.#sessions) {
      // A client may send a request again that a used connection has swallowed, but not the first of a new connection.
      if (session instanceof Identification) continue
      if (session?.drain !== undefined) session.drain()
      else if (session?.isIdle === true) connection.close()
    }
    if (this.#sessions.size === 0) return
    const late = setTimeout(() => this.#closeSilent(), firstBytesMs)
    const cut = setTimeout(() => this.#cut(graceMs), graceMs)
    await new Promise<void>((resolve) => (this.#allGone = resolve))
    clearTimeout(late)
    clearTimeout(cut)
  }

  #closeSilent(): void {
    for (const [connection, session] of this.#sessions) {
      if (session instanceof Identification && session.isIdle) connection.close()
    }
  }

  #cut(graceMs: number): void {
    const reason = new ProxyError('proxy.shutdown', `shut down, and not finished within ${graceMs / 1000} s`)
    for (const [connection, session] of this.#sessions) {
      session?.abort(reason)
      connection.close()
    }
  }

  #accept(connection: Connection): void {
    connection.whenClosed = () => this.#gone(connection)
    const { proxyProtocol, readTimeoutMs, log, routes } = this.#options
    const identified = (_: Connection, found: Identified) => this.#dispatch(connection, found)
    const identification = new Identification(connection, { proxyProtocol, readTimeoutMs, log, routes, identified })
    this.#sessions.set(connection, identification)
    identification.start()
  }

  #gone(connection: Connection): void {
    this.#sessions.delete(connection)
    if (this.#sessions.size === 0) this.#allGone?.()
  }

  #dispatch(connection: Connection, identified: Identified): void {
    const { choice, early, client } = identified
    this.#sessions.set(connection, undefined)
    switch (choice.kind) {
      case 'http':
        return this.#serve(connection, { ...client, tls: undefined }, early)
      case 'tcp':
        return choice.target.connect(connection, early, false)
      case 'https':
        return this.#terminate(connection, identified, choice.target.terms)
      case 'httpsDefault':
        return this.#terminate(connection, identified, this.#options.routes().httpsDefault.terms)
      case 'tcpTls': {
        const { tls, connect } = choice.target
        if (tls.kind !== 'terminate') return connect(connection, early, identified.opening === 'postgres')
        return this.#handshake(connection, { identified, terms: tls.terms }, (_, decrypted) => {
          connect(connection, decrypted, false)
        })
      }
      case 'close':
        return connection.close()
    }
  }

  #terminate(connection: Connection, identified: Identified, terms: TlsTerms | undefined): void {
    this.#handshake(connection, { identified, terms }, (tls, early) => {
      this.#serve(connection, { ...identified.client, tls }, early)
    })
  }

  #handshake(
    connection: Connection,
    { identified, terms }: { identified: Identified; terms: TlsTerms | undefined },
    ready: (tls: TlsFacts, early: Buffer) => void,
  ): void {
    if (terms === undefined) return connection.close()
    const { early, serverName, client } = identified
    const { readTimeoutMs, log } = this.#options
    const refused = (detail: string) =>
      log.debug(`TLS handshake failed: ${detail}`, { client: client.address, serverName })
    terminateTls(connection, { terms, serverName, hello: early, timeoutMs: readTimeoutMs, refused, ready })
  }

  #serve(connection: Connection, client: ClientFacts, early: Buffer): void {
    const session = this.#options.serveHttp(connection, client, early)
    if (!connection.isClosed) this.#sessions.set(connection, session)
  }
}
