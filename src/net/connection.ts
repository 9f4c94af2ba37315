import type { Socket, SocketHandler, TLSOptions } from 'bun'
import { free } from './free.ts'

/** Whoever holds a connection at the moment. Exactly one does; it is handed on with `Connection.attach`. */
export interface Receiver {
  /** `bytes` is the receiver's to keep. */
  received(bytes: Buffer): void
  /** The peer has sent its last byte (FIN) but may still read. */
  ended(): void
  /** The connection is gone, whoever ended it; `error` when it was not an orderly close. Called once, last. */
  closed(error: Error | undefined): void
  /** All that was written has been taken by the kernel. */
  drained(): void
}

const nobody: Receiver = { received: () => {}, ended: () => {}, closed: () => {}, drained: () => {} }

/** What Bun's socket has beyond its published types. */
interface RawSocket extends Socket<Connection> {
  readonly localAddress: string
}

/** The TLS side of an upgraded socket; see listen/terminate-tls.ts. */
export interface TlsUpgrade {
  readonly tls: TLSOptions
  /** Ciphertext that has been read already (the ClientHello). */
  readonly initialData: Uint8Array
  /** `error` may be set although the handshake succeeded: the client's certificate did not verify. */
  handshake(socket: Socket<Connection>, ok: boolean, error: Error | null): void
}

/**
 * One TCP (or TLS, or Unix) stream. The only home of socket callbacks: everything above sees a Receiver and
 * `write`, which never blocks, never throws, keeps what the kernel did not take, and says when to hold on.
 */
export class Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** Whoever keeps count of connections; told after the receiver. */
  whenClosed: (() => void) | undefined
  #socket: RawSocket
  #receiver: Receiver = nobody
  #unsent: Unsent[] = nothingUnsent
  #state: 'open' | 'ending' | 'ended' | 'closed' = 'open'
  #paused = false
  #hasEnded = false
  #abortError: Error | undefined

  constructor(socket: Socket<Connection>) {
    const raw = socket as RawSocket
    this.#socket = raw
    this.remoteAddress = plainAddress(raw.remoteAddress ?? '')
    this.remotePort = raw.remotePort
    this.localAddress = plainAddress(raw.localAddress ?? '')
    this.localPort = raw.localPort
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** The protocol that both sides agreed on in the TLS handshake; '' without one. */
  get alpnProtocol(): string {
    const { alpnProtocol } = this.#socket
    return typeof alpnProtocol === 'string' ? alpnProtocol : ''
  }

  /** The peer's FIN has come. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether the kernel has taken everything that was given to `write`; if not, `drained` follows. */
  get isFlowing(): boolean {
    return this.#unsent.length === 0
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver
  }

  /**
   * Sends bytes, which must not change afterwards. False: the kernel has not taken all; the rest is kept and `drained`
   * follows. On a closed connection bytes vanish and true is returned: `closed` has told the receiver.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return true
    return this.#write(bytes, false)
  }

  /** As `write`, for bytes that the caller owns alone and gives away: their memory is freed once the kernel has them. */
  writeOwned(bytes: Uint8Array): boolean {
    return this.#state === 'open' ? this.#write(bytes, true) : true
  }

  #write(bytes: Uint8Array, isOwned: boolean): boolean {
    if (this.#unsent.length > 0) {
      this.#unsent.push({ bytes: asBuffer(bytes), isOwned })
      return false
    }
    const taken = this.#socket.write(bytes)
    if (taken === bytes.length || taken < 0) {
      if (isOwned) free(bytes)
      return true
    }
    this.#unsent = [{ bytes: asBuffer(bytes).subarray(taken), isOwned }]
    return false
  }

  /** As `write`, for the first `length` bytes of a buffer that the caller will use again. */
  writeShared(buffer: Buffer, length: number): boolean {
    if (this.#state !== 'open') return true
    const taken = this.#unsent.length > 0 ? 0 : this.#socket.write(buffer, 0, length)
    if (taken === length || taken < 0) return true
    const rest = Buffer.from(buffer.subarray(taken, length))
    if (this.#unsent.length > 0) this.#unsent.push({ bytes: rest, isOwned: true })
    else this.#unsent = [{ bytes: rest, isOwned: true }]
    return false
  }

  /** Stops reading, so that the peer's sending stops once the kernel's buffers are full. */
  pause(): void {
    if (this.#paused || this.#state === 'closed') return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused || this.#state === 'closed') return
    this.#paused = false
    this.#socket.resume()
  }

  /** Sends what is kept, then FIN; reading goes on. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    if (this.#unsent.length === 0) this.#shutdown()
  }

  /**
   * Closes at once; what the kernel has not taken yet is lost. Without `error` the peer gets what the kernel has, then
   * FIN; with one, which the receiver is told, it gets a reset.
   */
  close(error?: Error): void {
    if (this.#state === 'closed') return
    this.#abortError = error
    this.#unsent = nothingUnsent
    const socket = this.#socket
    this.onClose(socket, undefined)
    if (error === undefined) socket.close()
    else socket.terminate()
  }

  setNoDelay(): void {
    this.#socket.setNoDelay(true)
  }

  /** TCP keep-alive probes after this many milliseconds of silence. */
  setKeepAlive(initialDelayMs: number): void {
    this.#socket.setKeepAlive(true, initialDelayMs)
  }

  /** Goes on as TLS server on this very socket. The receiver sees plaintext from now on. */
  upgradeTls(upgrade: TlsUpgrade): void {
    // `initialData` is missing from the published types; Bun's own node:tls passes it.
    const options = {
      data: this as Connection,
      isServer: true,
      initialData: upgrade.initialData,
      tls: upgrade.tls,
      socket: { ...socketHandlers, handshake: upgrade.handshake },
    }
    const [, tls] = this.#socket.upgradeTLS<Connection>(options)
    this.#socket = tls as RawSocket
    if (this.#paused) this.#socket.pause()
  }

  onData(socket: Socket<Connection>, bytes: Buffer): void {
    // After a TLS upgrade the old socket keeps showing the ciphertext.
    if (socket !== this.#socket || this.#state === 'closed') return
    this.#receiver.received(bytes)
  }

  onEnd(socket: Socket<Connection>): void {
    if (socket !== this.#socket || this.#state === 'closed') return
    this.#hasEnded = true
    this.#receiver.ended()
  }

  onDrain(socket: Socket<Connection>): void {
    if (socket !== this.#socket || this.#unsent.length === 0) return
    while (this.#unsent.length > 0) {
      const { bytes, isOwned } = this.#unsent[0]!
      const taken = this.#socket.write(bytes)
      if (taken < 0) return
      if (taken < bytes.length) {
        this.#unsent[0] = { bytes: bytes.subarray(taken), isOwned }
        return
      }
      this.#unsent.shift()
      if (isOwned) free(bytes)
    }
    this.#unsent = nothingUnsent
    if (this.#state === 'ending') this.#shutdown()
    this.#receiver.drained()
  }

  onClose(socket: Socket<Connection>, error: Error | undefined): void {
    if (socket !== this.#socket || this.#state === 'closed') return
    this.#state = 'closed'
    this.#unsent = nothingUnsent
    const receiver = this.#receiver
    this.#receiver = nobody
    receiver.closed(this.#abortError ?? error)
    this.whenClosed?.()
  }

  #shutdown(): void {
    this.#state = 'ended'
    this.#socket.shutdown()
  }
}

/** What the kernel has not taken yet. */
interface Unsent {
  readonly bytes: Buffer
  /** Nobody else looks at them: to be freed once they are sent. */
  readonly isOwned: boolean
}

/** Shared by all connections that have nothing unsent; only ever replaced, never pushed to. */
const nothingUnsent: Unsent[] = []

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** `::ffff:10.0.0.1` → `10.0.0.1` (a dual-stack listener sees IPv4 peers so), and no zone. */
export function plainAddress(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length)
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}

/**
 * The one handler table of every socket. A fault of ours inside a callback reaches `error`: that connection is closed,
 * every other one and the process go on.
 */
export const socketHandlers: SocketHandler<Connection> = {
  data: (socket, bytes) => socket.data.onData(socket, bytes),
  end: (socket) => socket.data.onEnd(socket),
  drain: (socket) => socket.data.onDrain(socket),
  close: (socket, error) => socket.data?.onClose(socket, error),
  error: (socket, error) => socket.data?.close(error),
}
