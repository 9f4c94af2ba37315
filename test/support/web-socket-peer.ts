import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { NpmWebSocket, SendOptions } from './npm-ws.ts'
import { within } from '../provider/within.ts'

export interface WebSocketMessage {
  readonly bytes: Buffer
  readonly isBinary: boolean
}

/** At a server the request, at a client the response. */
export interface Handshake {
  readonly headers: IncomingHttpHeaders
  readonly url?: string | undefined
  readonly socket: Duplex
}

/** One end of a WebSocket, for scripts. What comes is kept until somebody asks for it. */
export class WebSocketPeer {
  readonly socket: NpmWebSocket
  /** With what the socket was closed. 1006: without a close frame. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly handshake: Handshake
  receivedBytes = 0
  readonly #messages: WebSocketMessage[] = []
  readonly #pings: string[] = []
  #changed = Promise.withResolvers<void>()

  constructor(socket: NpmWebSocket, handshake: Handshake) {
    this.socket = socket
    this.handshake = handshake
    socket.on('error', () => {})
    socket.on('message', (bytes: Buffer, isBinary: boolean) => {
      this.receivedBytes += bytes.length
      this.#messages.push({ bytes, isBinary })
      this.#notify()
    })
    for (const kind of ['ping', 'pong']) {
      socket.on(kind, (payload: Buffer) => {
        this.#pings.push(`${kind} ${payload}`)
        this.#notify()
      })
    }
    this.closed = new Promise((resolve) => {
      socket.on('close', (code: number, reason: Buffer) => resolve({ code, reason: String(reason) }))
    })
  }

  send(message: Uint8Array | string, options: SendOptions = {}): this {
    this.socket.send(message, options)
    return this
  }

  /** The next message that no call has given yet. */
  async next(): Promise<WebSocketMessage> {
    while (this.#messages.length === 0) await within(this.#changed.promise, 'a message', 10_000)
    return this.#messages.shift()!
  }

  /** The next ping or pong: `ping payload`. */
  async nextPing(): Promise<string> {
    while (this.#pings.length === 0) await within(this.#changed.promise, 'a ping or pong')
    return this.#pings.shift()!
  }

  /** Sends a text and gives the text that comes back. */
  async ask(text: string): Promise<string> {
    this.send(text)
    return String((await this.next()).bytes)
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
