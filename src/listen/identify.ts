import type { ClientFacts } from '../http/exchange.ts'
import { PendingBytes } from '../net/pending-bytes.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { postgresAccept } from '../net/postgres.ts'
import type { Log } from '../observe/log.ts'
import type { Opening } from '../route/tcp-router.ts'
import { parseClientHello } from './client-hello.ts'
import type { ConnectionChoice, ConnectionRoutes } from './connection-routes.ts'
import { matchHttp2Preface, matchPostgresSslRequest } from './preface.ts'
import { parseProxyHeader } from './proxy-protocol.ts'

/** A connection whose first bytes have been understood; nothing of them is consumed but a PROXY header. */
export interface Identified {
  readonly choice: ConnectionChoice
  readonly opening: Opening
  /** Everything that has been read, for whoever takes the connection. */
  readonly early: Buffer
  readonly client: Omit<ClientFacts, 'tls'>
  /** Of the ClientHello, '' without one. */
  readonly serverName: string
  readonly alpn: readonly string[]
}

export interface IdentifyOptions {
  /** Undefined: no PROXY header is looked for. Else: from whom one is believed. */
  readonly proxyProtocol: { believes(address: string): boolean } | undefined
  /** How long a peer may take for its first bytes; 0: for ever. */
  readonly readTimeoutMs: number
  readonly log: Log
  routes(): ConnectionRoutes
  identified(connection: Connection, identified: Identified): void
}

/**
 *     PROXY header? ──▶ server speaks first? ──▶ Postgres? ──▶ ClientHello? ──▶ identified
 *          each waits for its bytes; malformed, silent for too long, or gone ──▶ closed
 */
export class Identification implements Receiver {
  readonly #connection: Connection
  readonly #options: IdentifyOptions
  readonly #routes: ConnectionRoutes
  readonly #pending = new PendingBytes()
  readonly #deadline: Deadline
  #stage: 'proxy' | 'opening' | 'postgresHello' | 'done'
  #client: Omit<ClientFacts, 'tls'>

  constructor(connection: Connection, options: IdentifyOptions) {
    this.#connection = connection
    this.#options = options
    this.#routes = options.routes()
    this.#deadline = new Deadline(() => this.#drop('nothing intelligible within the read time-out'))
    this.#stage = options.proxyProtocol === undefined ? 'opening' : 'proxy'
    this.#client = {
      address: connection.remoteAddress,
      port: connection.remotePort,
      localAddress: connection.localAddress,
      localPort: connection.localPort,
    }
  }

  start(): void {
    this.#connection.attach(this)
    this.#deadline.set(this.#options.readTimeoutMs)
    if (this.#stage === 'opening') this.#tryUnread()
  }

  /** Nothing has been said yet. */
  get isIdle(): boolean {
    return this.#stage !== 'done' && this.#stage !== 'postgresHello' && this.#pending.length === 0
  }

  abort(reason: Error): void {
    this.#drop(reason.message)
  }

  received(bytes: Buffer): void {
    const isFirst = this.#pending.length === 0
    const all = this.#pending.join(bytes)
    const isKept = this.#look(all)
    if (!isKept && isFirst && this.#stage !== 'done') this.#pending.keep(bytes)
  }

  /** True when what is pending has been replaced already. */
  #look(bytes: Buffer): boolean {
    if (this.#stage === 'proxy') return this.#lookForProxyHeader(bytes)
    return this.#lookForOpening(bytes)
  }

  #lookForProxyHeader(bytes: Buffer): boolean {
    const found = parseProxyHeader(bytes)
    if (found.kind === 'incomplete') return false
    if (found.kind === 'malformed') {
      this.#drop(`malformed PROXY header: ${found.detail}`)
      return true
    }
    if (found.kind === 'header' && this.#options.proxyProtocol?.believes(this.#connection.remoteAddress) === true) {
      this.#believe(found)
    }
    this.#stage = 'opening'
    const rest = found.kind === 'header' ? bytes.subarray(found.end) : bytes
    this.#pending.clear()
    if (rest.length > 0) this.#pending.keep(rest)
    this.#tryUnread()
    if (rest.length > 0 && this.#stage === 'opening') this.#lookForOpening(this.#pending.view())
    return true
  }

  #believe({ source, destination }: Extract<ReturnType<typeof parseProxyHeader>, { kind: 'header' }>): void {
    if (source === undefined) return
    this.#client = {
      address: source.address,
      port: source.port,
      localAddress: destination?.address ?? this.#client.localAddress,
      localPort: destination?.port ?? this.#client.localPort,
    }
  }

  #tryUnread(): void {
    const choice = this.#routes.chooseUnread(this.#client.address)
    if (choice !== undefined)
      this.#finish(choice, this.#pending.view(), { opening: 'plaintext', serverName: '', alpn: [] })
  }

  #lookForOpening(bytes: Buffer): boolean {
    if (this.#stage === 'opening') {
      const postgres = matchPostgresSslRequest(bytes)
      if (postgres === 'incomplete') return false
      if (postgres === 'yes') {
        this.#acceptPostgres(bytes)
        return true
      }
    }
    this.#lookForHello(bytes)
    return false
  }

  #lookForHello(bytes: Buffer): void {
    const hello = parseClientHello(bytes)
    if (hello.kind === 'incomplete') return
    if (hello.kind === 'malformed') return this.#drop(`malformed ClientHello: ${hello.detail}`)
    if (hello.kind === 'hello') return this.#choose(this.#stage === 'postgresHello' ? 'postgres' : 'tls', bytes, hello)
    if (this.#stage === 'postgresHello') return this.#drop('no TLS after a PostgreSQL SSLRequest')
    // Whoever serves the connection must see the whole preface to tell it from an HTTP/1 request.
    if (matchHttp2Preface(bytes) === 'incomplete') return
    this.#choose('plaintext', bytes, { serverName: '', alpn: [] })
  }

  /** RFC-less, but every PostgreSQL client does so: 8 bytes, the answer `S`, and only then TLS. */
  #acceptPostgres(bytes: Buffer): void {
    this.#stage = 'postgresHello'
    const rest = Buffer.from(bytes.subarray(8))
    this.#pending.clear()
    this.#connection.write(postgresAccept)
    if (rest.length > 0) this.received(rest)
  }

  #choose(opening: Opening, bytes: Buffer, hello: Hello): void {
    const facts = { serverName: hello.serverName, alpn: hello.alpn, clientAddress: this.#client.address }
    this.#finish(this.#routes.choose(opening, facts), bytes, { ...facts, opening })
  }

  #finish(choice: ConnectionChoice, early: Buffer, { opening, serverName, alpn }: Opened): void {
    this.#stage = 'done'
    this.#deadline.dispose()
    this.#options.identified(this.#connection, { choice, opening, early, client: this.#client, serverName, alpn })
  }

  #drop(reason: string): void {
    this.#stage = 'done'
    this.#deadline.dispose()
    this.#options.log.debug(`connection closed: ${reason}`, { client: this.#client.address })
    this.#connection.close()
  }

  ended(): void {
    this.#drop('ended by the client before it said anything intelligible')
  }

  closed(): void {
    this.#stage = 'done'
    this.#deadline.dispose()
  }

  drained(): void {}
}

interface Hello {
  readonly serverName: string
  readonly alpn: readonly string[]
}

interface Opened extends Hello {
  readonly opening: Opening
}
