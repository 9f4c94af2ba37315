import type { Connection } from '../net/connection.ts'
import type { Choice, Opening, TcpFacts } from '../route/tcp-router.ts'
import type { TlsTerms } from './tls-terms.ts'

/** What the HTTPS routers of a server name want of its TLS. */
export interface HttpsTarget {
  /** Undefined: the options are broken, and connections for the name are closed without a handshake. */
  readonly terms: TlsTerms | undefined
}

/** A TCP router with its service. */
export interface TcpTarget {
  readonly name: string
  readonly tls:
    { readonly kind: 'none' | 'passthrough' } | { readonly kind: 'terminate'; readonly terms: TlsTerms | undefined }
  /**
   * Takes the connection over; `early` are bytes that have been read from it already. `asksPostgresTls`: the client's
   * TLS was asked for by PostgreSQL's SSLRequest, which its server wants to see as well.
   */
  connect(connection: Connection, early: Buffer, asksPostgresTls: boolean): void
}

export type ConnectionChoice = Choice<HttpsTarget, TcpTarget>

/** Where the connections of one entry point go, in one snapshot. */
export interface ConnectionRoutes {
  /** Undefined: the first bytes have to be seen. */
  chooseUnread(clientAddress: string): ConnectionChoice | undefined
  choose(opening: Opening, facts: TcpFacts): ConnectionChoice
  /** Where nothing but HTTPS can come: over QUIC. */
  chooseHttps(serverName: string): HttpsTarget
  /** For server names that no router knows. */
  readonly httpsDefault: HttpsTarget
}
