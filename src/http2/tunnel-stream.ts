import { constants } from 'node:http2'
import { ProxyError, toProxyError } from '../errors.ts'
import type { Receiver } from '../net/connection.ts'
import type { TunnelEnd } from '../net/tunnel.ts'
import type { MessageStream } from './message-stream.ts'
import { endedWhole, resetStream } from './reset-stream.ts'

/** A stream as one end of a tunnel: END_STREAM is its FIN, RST_STREAM its reset (RFC 8441 §5). */
export class TunnelStream implements TunnelEnd {
  hasEnded = false
  isClosed = false
  readonly #stream: MessageStream

  constructor(stream: MessageStream) {
    this.#stream = stream
    stream.on('close', () => (this.isClosed = true))
  }

  attach(receiver: Receiver): void {
    const stream = this.#stream
    stream.on('data', (bytes: Buffer) => receiver.received(bytes))
    stream.on('drain', () => receiver.drained())
    stream.on('end', () => {
      // A reset ends the stream for its reader too.
      if (!endedWhole(stream)) return
      this.hasEnded = true
      receiver.ended()
    })
    stream.on('close', () => {
      const code = stream.rstCode ?? 0
      receiver.closed(
        code === constants.NGHTTP2_NO_ERROR
          ? undefined
          : new ProxyError('client.reset', `reset by the client (${code})`),
      )
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#stream.destroyed || this.#stream.writableEnded) return true
    return this.#stream.write(bytes)
  }

  /** The stream keeps what it is given for as long as it needs it. */
  writeOwned(bytes: Uint8Array): boolean {
    return this.write(bytes)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#stream.destroyed) this.#stream.resume()
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.end()
  }

  close(error?: Error): void {
    const stream = this.#stream
    if (stream.destroyed) return
    const isSent = error === undefined && stream.writableFinished
    const reason = toProxyError(error ?? new ProxyError('upstream.reset', 'the other end of the tunnel is closed'))
    resetStream(stream, reason, isSent ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL)
  }
}
