/** What is known of a TCP connection when its route is chosen. */
export interface TcpFacts {
  /** Server name of the ClientHello in lower case, '' without one or without TLS. */
  readonly serverName: string
  /** The protocols that the ClientHello offers. */
  readonly alpn: readonly string[]
  readonly clientAddress: string
}
