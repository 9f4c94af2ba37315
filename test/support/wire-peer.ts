import type { Socket } from 'bun'

const patienceMs = 4000

type Expected = string | RegExp | ((text: string) => boolean)

/** One end of a raw TCP connection, for scripts: every byte that comes is kept as latin-1 text. */
export class WirePeer {
  readonly name: string
  /** All that has come, and not been taken by `take`. */
  text = ''
  receivedBytes = 0
  /** False: bytes are counted only, for bodies that must not stay in memory. */
  keepsText = true
  /** Ends its own side when the other side has ended, as nearly every program does. */
  answersFin = true
  hasEnded = false
  isGone = false
  /** Why the connection ended; undefined for an orderly end. */
  goneWith: Error | undefined
  #socket: Socket<WirePeer> | undefined
  #unsent: Buffer[] = []
  #changed = Promise.withResolvers<void>()

  constructor(name: string) {
    this.name = name
  }

  static async connect(port: number, name = 'client'): Promise<WirePeer> {
    const peer = new WirePeer(name)
    await Bun.connect<WirePeer>({ hostname: '127.0.0.1', port, allowHalfOpen: true, data: peer, socket: peerHandlers })
    return peer
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#unsent.reduce((sum, { length }) => sum + length, 0)
  }

  send(bytes: string | Uint8Array): this {
    this.#unsent.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes))
    this.flush()
    return this
  }

  /** As `send`, without a copy, for bytes that never change. Gives how many they are. */
  sendShared(bytes: Buffer): number {
    this.#unsent.push(bytes)
    this.flush()
    return bytes.length
  }

  /** Resolves when the kernel has taken everything. */
  async sent(): Promise<void> {
    await this.#until(() => this.#unsent.length === 0 || this.isGone, 'the sending of all bytes')
  }

  /** Waits for the text and gives all that has come so far. */
  async expect(expected: Expected): Promise<string> {
    const comes = matcher(expected)
    await this.#until(() => comes(this.text) || this.isGone, String(expected))
    if (!comes(this.text)) throw new Error(`${this.name}: gone before ${String(expected)} came, after:\n${this.text}`)
    return this.text
  }

  /** As `expect`, and forgets what has come, so that the next message begins an empty text. */
  async take(expected: Expected): Promise<string> {
    const text = await this.expect(expected)
    this.text = ''
    return text
  }

  /** Waits for the other side's FIN or the end of the connection, and gives all that has come. */
  async toEnd(): Promise<string> {
    await this.#until(() => this.hasEnded || this.isGone, 'the end of the bytes')
    return this.text
  }

  async gone(): Promise<void> {
    await this.#until(() => this.isGone, 'the end of the connection')
  }

  async receives(bytes: number, deadlineMs?: number): Promise<void> {
    const isThere = () => this.receivedBytes >= bytes || this.isGone
    await this.#until(isThere, `${bytes} bytes (${this.receivedBytes} so far)`, deadlineMs)
  }

  /** FIN; still reads. */
  finish(): void {
    this.#socket?.shutdown()
  }

  /** As `finish`, behind everything that the kernel has not taken yet. */
  finishWhenSent(): void {
    void this.sent().then(() => this.finish())
  }

  /** FIN, and reads no more: whatever still comes is answered with RST. */
  close(): void {
    this.#socket?.close()
  }

  reset(): void {
    this.#socket?.terminate()
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  opened(socket: Socket<WirePeer>): void {
    this.#socket = socket
    socket.setNoDelay(true)
    this.flush()
    this.notify()
  }

  flush(): void {
    while (this.#unsent.length > 0 && this.#socket !== undefined && !this.isGone) {
      const bytes = this.#unsent[0]!
      const taken = Math.max(0, this.#socket.write(bytes))
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken)
        return
      }
      this.#unsent.shift()
    }
    this.notify()
  }

  notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #until(isThere: () => boolean, what: string, deadlineMs = patienceMs): Promise<void> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.notify()
    }, deadlineMs)
    try {
      while (!isThere()) {
        if (isLate) throw new Error(`${this.name}: no ${what} within ${deadlineMs} ms, only:\n${this.text}`)
        await this.#changed.promise
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

function matcher(expected: Expected): (text: string) => boolean {
  if (typeof expected === 'string') return (text) => text.includes(expected)
  return typeof expected === 'function' ? expected : (text) => expected.test(text)
}

/** For sockets whose data is their WirePeer. */
export const peerHandlers = {
  open: (socket: Socket<WirePeer>) => socket.data.opened(socket),
  data(socket: Socket<WirePeer>, bytes: Buffer) {
    const peer = socket.data
    peer.receivedBytes += bytes.length
    if (peer.keepsText) peer.text += bytes.toString('latin1')
    peer.notify()
  },
  end(socket: Socket<WirePeer>) {
    const peer = socket.data
    peer.hasEnded = true
    if (peer.answersFin && peer.unsentBytes === 0) peer.finish()
    peer.notify()
  },
  drain: (socket: Socket<WirePeer>) => socket.data.flush(),
  close(socket: Socket<WirePeer>, error?: Error) {
    const peer = socket.data
    peer.isGone = true
    peer.goneWith = error
    peer.notify()
  },
  error: (socket: Socket<WirePeer>) => socket.terminate(),
}
