import type { Socket } from 'bun'
import type { DetailedPeerCertificate } from 'node:tls'
import type { TlsFacts } from '../http/exchange.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { unrecognizedNameAlert } from './client-hello.ts'
import type { TlsTerms } from './tls-terms.ts'

export interface TlsTermination {
  readonly terms: TlsTerms
  /** Of the ClientHello, '' without one. */
  readonly serverName: string
  /** The ClientHello and whatever came behind it. */
  readonly hello: Buffer
  /** For the whole handshake; 0: no limit. */
  readonly timeoutMs: number
  /** The connection has been closed instead; the reason is for the log. */
  refused(reason: string): void
  /** From here on the connection carries plaintext; the caller attaches its receiver. */
  ready(tls: TlsFacts, early: Buffer): void
}

/** Terminates TLS in place, on the client's own socket, with the handshake's first bytes replayed. */
export function terminateTls(connection: Connection, termination: TlsTermination): void {
  const { terms, serverName, hello } = termination
  const chosen = terms.choose(serverName, connection.localAddress)
  if (chosen === undefined) {
    connection.write(unrecognizedNameAlert)
    connection.end()
    connection.close()
    return termination.refused(`no certificate for "${serverName}", and sniStrict is set`)
  }
  const handshake = new Handshake(connection, termination)
  connection.attach(handshake)
  connection.upgradeTls({
    tls: chosen.tls,
    initialData: hello,
    handshake: (socket, ok, error) => handshake.finished(socket, ok, error),
  })
}

/** Bun's `getPeerCertificate` takes a flag that its types leave out: false gives the chain, and undefined for none. */
interface TlsSocket {
  getPeerCertificate(abbreviated: false): DetailedPeerCertificate | undefined
}

class Handshake implements Receiver {
  readonly #connection: Connection
  readonly #termination: TlsTermination
  readonly #deadline: Deadline
  #early: Buffer[] = []

  constructor(connection: Connection, termination: TlsTermination) {
    this.#connection = connection
    this.#termination = termination
    this.#deadline = new Deadline(() => this.#refuse('not finished within the read time-out'))
    this.#deadline.set(termination.timeoutMs)
  }

  finished(socket: Socket<Connection>, ok: boolean, error: Error | null): void {
    this.#deadline.dispose()
    const { terms } = this.#termination
    const chain = terms.requestsCertificate ? sentChain(socket as unknown as TlsSocket, terms) : []
    const refusal = terms.refusal({ ok, error, hasCertificate: chain.length > 0 })
    if (refusal !== undefined) return this.#refuse(refusal)
    this.#termination.ready(this.#facts(socket, chain), Buffer.concat(this.#early))
  }

  #facts(socket: Socket<Connection>, chain: readonly Uint8Array[]): TlsFacts {
    const { terms, serverName } = this.#termination
    return {
      serverName,
      version: socket.getTLSVersion() ?? '',
      cipher: (socket.getCipher() as { standardName?: string; name?: string } | undefined)?.standardName ?? '',
      alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '',
      optionsName: terms.optionsName,
      peerCertificates: () => chain,
    }
  }

  received(bytes: Buffer): void {
    this.#early.push(bytes)
  }

  ended(): void {
    this.#refuse('ended by the client')
  }

  closed(error: Error | undefined): void {
    this.#deadline.dispose()
    this.#termination.refused(error?.message ?? 'closed by the client')
  }

  drained(): void {}

  #refuse(reason: string): void {
    this.#connection.close(new Error(reason))
  }
}

/**
 * DER of each certificate that the client sent, leaf first. Bun tells the leaf twice, and goes on with what it knows from
 * `caFiles` and the system's roots without saying so: these are what clients may leave out (RFC 8446 §4.4.2) and mostly do.
 */
function sentChain(socket: TlsSocket, terms: TlsTerms): readonly Uint8Array[] {
  const chain: Uint8Array[] = []
  let last: DetailedPeerCertificate | undefined
  let certificate = socket.getPeerCertificate(false)
  while (certificate?.raw !== undefined && certificate !== last) {
    if (certificate.fingerprint256 !== last?.fingerprint256) {
      if (chain.length > 0 && isKnown(certificate, terms)) break
      chain.push(certificate.raw)
    }
    last = certificate
    certificate = certificate.issuerCertificate
  }
  return chain
}

function isKnown(certificate: DetailedPeerCertificate, terms: TlsTerms): boolean {
  return certificate.issuerCertificate === certificate || terms.isAuthority(certificate.fingerprint256)
}
