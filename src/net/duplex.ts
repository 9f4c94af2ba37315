import { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { Deadline } from './deadline.ts'

/** How long a peer may take to read what was written before the end (a GOAWAY, say) and to end its own side. */
const lingerMs = 1000

/**
 * A connection as the platform's protocol engines want it. Backpressure goes both ways: a full read buffer pauses the
 * peer, and a write is done when the kernel has it.
 */
export class ConnectionDuplex extends Duplex {
  readonly #connection: Connection
  readonly #inspect: (bytes: Buffer) => boolean
  readonly #lingering = new Deadline(() => this.#connection.close())
  #written: (() => void) | undefined

  /** `inspect` sees every piece first; it passes no piece on of which it says false. */
  constructor(connection: Connection, inspect: (bytes: Buffer) => boolean = () => true) {
    // Who speaks frames and has sent a FIN opens no window any more: nothing could be finished.
    super({ allowHalfOpen: false })
    this.#connection = connection
    this.#inspect = inspect
    connection.attach({
      received: (bytes) => this.receive(bytes),
      ended: () => this.#ended(),
      closed: (error) => this.#closed(error),
      drained: () => this.#drained(),
    })
  }

  /** Takes bytes of the peer; also those that were read before this was made. */
  receive(bytes: Buffer): void {
    if (this.destroyed || !this.#inspect(bytes)) return
    if (!this.push(bytes)) this.#connection.pause()
  }

  #ended(): void {
    if (this.destroyed) return this.#connection.close()
    this.push(null)
  }

  #closed(error: Error | undefined): void {
    this.#lingering.dispose()
    this.destroy(error)
  }

  #drained(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  override _read(): void {
    this.#connection.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#connection.write(chunk)) done()
    else this.#written = done
  }

  override _final(done: () => void): void {
    this.#connection.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#connection.isClosed) {
      // A close at once would reset the connection, and the peer lose the frame that says why.
      this.#connection.resume()
      this.#connection.end()
      this.#lingering.set(lingerMs)
    }
    this.#written = undefined
    done(error)
  }
}
