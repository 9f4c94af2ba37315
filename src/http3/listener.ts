import type { TlsFacts } from '../http/exchange.ts'
import { ProxyError } from '../errors.ts'
import { plainAddress } from '../net/connection.ts'
import { listenFault } from '../net/listen.ts'
import { listenQuic, type QuicIdentities, type QuicListener, type QuicSession } from '../net/quic.ts'
import type { Http2ServerOptions } from '../http2/server.ts'
import { http3Code } from './error-code.ts'
import { Http3Session, type Http3SessionOptions } from './server.ts'
import { WaitingBytes } from './waiting-bytes.ts'

export interface Http3ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly server: Http2ServerOptions
  /** Of the current snapshot. */
  identities(): QuicIdentities
  /** What TLS options such a handshake counts as, or why this server name can't be served over QUIC. */
  judge(serverName: string): HandshakeVerdict
}

export type HandshakeVerdict =
  { readonly kind: 'accepted'; readonly optionsName: string } | { readonly kind: 'refused'; readonly reason: string }

/** As many as the common implementations grant; `http2.maxConcurrentStreams` is HTTP/2's own. */
const maxStreams = 100
/** As long as the common implementations wait. A client that lives answers the PINGs in between. */
const silenceSeconds = 30
const retryMs = 1000
/**
 * The engine leaves fields beyond its limits out without a word, and a request without them is another one. So its limits
 * lie above ours by more than one field may have (RFC 9204 has no bound; the engine's is 64 KiB), and ours speaks.
 */
const slackBytes = 256 * 1024

type HandshakeFacts = Parameters<NonNullable<QuicSession['onhandshake']>>[0]

/** The UDP side of an entry point with all its connections. */
export class Http3Listener {
  readonly #options: Http3ListenerOptions
  readonly #server: Http3SessionOptions
  /** Undefined while a handshake goes on. */
  readonly #sessions = new Map<QuicSession, Http3Session | undefined>()
  #quic: QuicListener | undefined
  #retry: Timer | undefined
  #isDraining = false

  constructor(options: Http3ListenerOptions) {
    this.#options = options
    this.#server = { ...options.server, waiting: new WaitingBytes() }
  }

  get connectionCount(): number {
    return [...this.#sessions.values()].filter((session) => session !== undefined).length
  }

  /** Rejects when the address can't be had. */
  async open(): Promise<void> {
    const { hostname, port, server, identities } = this.#options
    const { maxHeadBytes, maxFields } = server.limits
    const quic = await listenQuic({
      hostname,
      port,
      identities: identities(),
      application: {
        maxHeaderPairs: maxFields + 1,
        maxHeaderLength: maxHeadBytes + slackBytes,
        maxFieldSectionSize: maxHeadBytes,
      },
      maxStreams,
      silenceSeconds,
      accept: (session) => this.#accept(session),
    })
    if (this.#isDraining) quic.destroy()
    else this.#quic = quic
  }

  /** For processes that share an entry point, of which only one can have its UDP port: whoever finds it free. */
  async openWhenFree(opened: () => void): Promise<void> {
    try {
      await this.open()
      if (!this.#isDraining) opened()
    } catch (thrown) {
      if (this.#retry === undefined) {
        this.#options.server.log.debug(`HTTP/3 waits for its UDP port: ${listenFault(thrown)}`)
      }
      if (!this.#isDraining) this.#retry = setTimeout(() => void this.openWhenFree(opened), retryMs)
    }
  }

  certificatesChanged(): void {
    this.#quic?.setIdentities(this.#options.identities())
  }

  /** Takes no more connections, lets requests finish within `graceMs`, then cuts what is left. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true
    clearTimeout(this.#retry)
    const closed = this.#quic?.close()
    for (const [quic, session] of this.#sessions) {
      if (session === undefined) quic.destroy()
      else session.drain()
    }
    const cut = setTimeout(() => this.#cut(graceMs), graceMs)
    await closed
    clearTimeout(cut)
  }

  #cut(graceMs: number): void {
    const reason = new ProxyError('proxy.shutdown', `shut down, and not finished within ${graceMs / 1000} s`)
    for (const session of this.#sessions.values()) session?.abort(reason)
    this.#quic?.destroy()
  }

  #accept(quic: QuicSession): void {
    this.#sessions.set(quic, undefined)
    const over = () => void this.#sessions.delete(quic)
    quic.closed.then(over, over)
    quic.onhandshake = (facts) => this.#begin(quic, facts)
    quic.onstream = (stream) => {
      const session = this.#sessions.get(quic)
      if (session === undefined) stream.destroy()
      else session.take(stream as Parameters<Http3Session['take']>[0])
    }
  }

  #begin(quic: QuicSession, { servername, remote, cipher, cipherVersion }: HandshakeFacts): void {
    const serverName = (servername ?? '').toLowerCase()
    const { server, judge, hostname, port } = this.#options
    const verdict = judge(serverName)
    const address = plainAddress(remote.address)
    if (verdict.kind === 'refused') {
      server.log.debug(`HTTP/3 connection refused: ${verdict.reason}`, { client: address, serverName })
      return quic.destroy(undefined, { code: http3Code.versionFallback, type: 'application' })
    }
    const tls: TlsFacts = {
      serverName,
      version: cipherVersion,
      cipher,
      alpn: 'h3',
      optionsName: verdict.optionsName,
      peerCertificates: () => [],
    }
    const client = { address, port: remote.port, localAddress: hostname, localPort: port, tls }
    this.#sessions.set(quic, new Http3Session(quic, client, this.#server))
  }
}
