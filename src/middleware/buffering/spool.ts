import type { FileHandle } from 'node:fs/promises'
import { ProxyError, type ErrorCode } from '../../errors.ts'
import type { Body } from '../../http/body.ts'
import { noHeaders, type Headers } from '../../http/headers.ts'
import { pullBody } from '../../http/pull-body.ts'
import { RecordedBytes } from '../../http/recorded-bytes.ts'
import { openTemporaryFile } from './temporary-file.ts'

export interface SpoolLimits {
  /** Bytes kept in memory; what is more goes to a file. */
  readonly memoryBytes: number
  /** Infinity for no limit. */
  readonly maximumBytes: number
  /** What a body with more bytes is told. */
  readonly tooLarge: ErrorCode
}

const readBytes = 64 * 1024

/** A whole body, in memory and in a file, to be read as often as need be. Must be closed. */
export class Spool {
  readonly #memory = new RecordedBytes()
  #file: FileHandle | undefined
  #fileBytes = 0
  #trailers: Headers = noHeaders
  #isClosed = false

  /** Reads the body to its end. Rejects, with nothing left open, when it breaks off or is too large. */
  static async of(body: Body, limits: SpoolLimits): Promise<Spool> {
    const spool = new Spool()
    try {
      await spool.#fill(body, limits)
      return spool
    } catch (thrown) {
      await spool.close()
      throw thrown
    }
  }

  get size(): number {
    return this.#memory.length + this.#fileBytes
  }

  /** The body from its beginning. `ended` is called when it has been read to its end or given up. */
  open(ended: () => void = () => {}): Body {
    const cursor = { block: 0, offset: 0 }
    let filePosition = 0
    return pullBody({
      length: this.size,
      read: async () => {
        if (this.#isClosed) throw new ProxyError('proxy.unexpected', 'the buffered body is gone')
        const remembered = this.#memory.read(cursor)
        if (remembered !== undefined) return remembered
        const piece = await this.#readFile(filePosition)
        filePosition += piece?.length ?? 0
        if (piece === undefined) ended()
        return piece
      },
      cancel: ended,
      trailers: () => this.#trailers,
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #fill(body: Body, limits: SpoolLimits): Promise<void> {
    if ((body.length ?? 0) > limits.maximumBytes) this.#refuse(body, limits)
    for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
      if (this.size + piece.length > limits.maximumBytes) this.#refuse(body, limits)
      await this.#keep(piece, limits.memoryBytes, body)
    }
    this.#trailers = body.trailers
  }

  #refuse(body: Body, { maximumBytes, tooLarge }: SpoolLimits): never {
    const error = new ProxyError(tooLarge, `a body of more than ${maximumBytes} bytes`)
    body.cancel(error)
    throw error
  }

  async #keep(piece: Uint8Array, memoryBytes: number, body: Body): Promise<void> {
    const room = Math.max(0, memoryBytes - this.#memory.length)
    this.#memory.append(piece.subarray(0, room))
    if (piece.length <= room) return
    try {
      await this.#write(piece.subarray(room))
    } catch (thrown) {
      const error = new ProxyError('proxy.unexpected', `buffering a body in a file: ${String(thrown)}`, thrown)
      body.cancel(error)
      throw error
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const file = (this.#file ??= await openTemporaryFile())
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, this.#fileBytes)
      done += bytesWritten
      this.#fileBytes += bytesWritten
    }
  }

  async #readFile(position: number): Promise<Uint8Array | undefined> {
    const wanted = Math.min(readBytes, this.#fileBytes - position)
    if (wanted === 0) return undefined
    const read = await this.#file?.read(Buffer.allocUnsafe(wanted), 0, wanted, position)
    if (read === undefined || read.bytesRead === 0) {
      throw new ProxyError('proxy.unexpected', 'a buffered body is shorter in its file than it was')
    }
    return read.buffer.subarray(0, read.bytesRead)
  }
}
