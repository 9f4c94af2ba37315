import type { Socket, SocketHandler, TLSOptions } from 'bun'
import { ProxyError, type ErrorCode } from '../errors.ts'
import type { Cancellable, Exchange } from '../http/exchange.ts'
import { parseAlternativeNames } from './alternative-names.ts'
import { Connection, socketHandlers } from './connection.ts'

export interface DialTarget {
  /** Where to: a host name or address (IPv6 without brackets) with a port, or a Unix socket's path. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string }
  readonly tls: TlsClientTerms | undefined
  /** For TCP and TLS together; 0 means no limit. */
  readonly timeoutMs: number
  /** Whom the connection is for: once nobody waits for it, it is given up. */
  readonly exchange?: Exchange
}

export interface TlsClientTerms {
  /** Name that is sent (SNI) and that the certificate must have. */
  readonly serverName: string
  readonly options: TLSOptions
  readonly insecureSkipVerify: boolean
  /** Of these the certificate must have one, beside what else is verified; undefined: any will do. */
  readonly peerNames?: readonly PeerName[] | undefined
}

export interface PeerName {
  readonly kind: 'URI' | 'DNS'
  readonly value: string
}

/** Opens a connection to an upstream. Rejects with a ProxyError of the `upstream.` kind; never leaves a socket behind. */
export function dial(target: DialTarget): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(target, resolve, reject)
    attempt.start()
  })
}

/**
 *     connecting ──open──▶ handshaking (TLS only) ──▶ settled
 *         └── error, close, time-out, cancel ────────────┘
 */
class Attempt implements Cancellable {
  readonly #target: DialTarget
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: ProxyError) => void
  #timer: Timer | undefined
  #socket: Socket<Connection> | undefined
  #settled = false

  constructor(target: DialTarget, resolve: (connection: Connection) => void, reject: (error: ProxyError) => void) {
    this.#target = target
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    const { address, tls, timeoutMs, exchange } = this.#target
    exchange?.onCancel(this)
    if (this.#settled) return
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#fail('upstream.dialTimeout', 'time-out'), timeoutMs)
    const where = 'path' in address ? { unix: address.path } : { hostname: address.host, port: address.port }
    const options = {
      ...where,
      allowHalfOpen: true,
      socket: this.#handlers(),
      // Unless told so, Bun closes a connection whose certificate does not verify right after `handshake`.
      ...(tls === undefined
        ? {}
        : { tls: { ...tls.options, serverName: tls.serverName, rejectUnauthorized: !tls.insecureSkipVerify } }),
    }
    // The rejection repeats what `connectError` has told.
    Bun.connect(options as Parameters<typeof Bun.connect<Connection>>[0]).catch((thrown) => this.#connectFailed(thrown))
  }

  cancelled(error: ProxyError): void {
    this.#giveUp(error)
  }

  #handlers(): SocketHandler<Connection> {
    const tls = this.#target.tls
    return {
      ...socketHandlers,
      open: (socket) => {
        if (this.#settled) return socket.terminate()
        this.#socket = socket
        socket.data = new Connection(socket)
        if (tls === undefined) this.#succeed(socket.data)
      },
      handshake: (socket, ok, error) => {
        if (this.#settled) return socket.terminate()
        // Bun reports a certificate that does not verify as an error beside ok (or as not ok): both mean refusal.
        if ((ok && error === null) || (tls?.insecureSkipVerify === true && isCertificateFault(error))) {
          if (hasPeerName(tls?.peerNames, socket.getPeerCertificate()?.subjectaltname))
            return this.#succeed(socket.data)
          return this.#fail('upstream.certificate', 'its certificate has none of the names that are asked for')
        }
        this.#fail(isCertificateFault(error) ? 'upstream.certificate' : 'upstream.handshake', faultText(error))
      },
      close: (socket, error) => {
        if (!this.#settled) this.#fail('upstream.handshake', `closed during the TLS handshake: ${faultText(error)}`)
        socket.data?.onClose(socket, error)
      },
      error: (socket, error) => {
        if (!this.#settled) this.#fail('upstream.handshake', faultText(error))
        socket.data?.close(error)
      },
      connectError: (_socket, error) => this.#connectFailed(error),
    }
  }

  #connectFailed(thrown: unknown): void {
    const fault = thrown as { code?: string; message?: string }
    this.#fail(dialFaults[fault.code ?? ''] ?? 'upstream.unreachable', fault.message ?? String(thrown))
  }

  #succeed(connection: Connection): void {
    this.#settle()
    connection.setNoDelay()
    this.#resolve(connection)
  }

  #fail(code: ErrorCode, detail: string): void {
    this.#giveUp(new ProxyError(code, `${describeAddress(this.#target)}: ${detail}`))
  }

  #giveUp(error: ProxyError): void {
    if (this.#settled) return
    this.#settle()
    // One that is not open yet is ended as soon as it is.
    this.#socket?.terminate()
    this.#reject(error)
  }

  #settle(): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#target.exchange?.offCancel(this)
  }
}

const dialFaults: Record<string, ErrorCode> = {
  ECONNREFUSED: 'upstream.refused',
  ENOENT: 'upstream.refused',
  ENOTFOUND: 'upstream.unresolved',
  EAI_AGAIN: 'upstream.unresolved',
  ETIMEDOUT: 'upstream.dialTimeout',
}

function hasPeerName(wanted: readonly PeerName[] | undefined, subjectAltName: string | undefined): boolean {
  if (wanted === undefined) return true
  const names = parseAlternativeNames(subjectAltName ?? '')
  return wanted.some((peer) => names.some(({ kind, value }) => kind === peer.kind && value === peer.value))
}

function isCertificateFault(error: Error | null): boolean {
  const code = (error as { code?: string } | null)?.code ?? ''
  return /CERT|VERIFY|CHAIN|SELF_SIGNED|ISSUER|HOSTNAME|ALTNAME/.test(code)
}

function faultText(error: Error | null | undefined): string {
  if (error === null || error === undefined) return 'closed by the upstream'
  const code = (error as { code?: string }).code
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`
}

function describeAddress(target: DialTarget): string {
  if ('path' in target.address) return `unix:${target.address.path}`
  const { host, port } = target.address
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
