import { promisify } from 'node:util'
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from 'node:zlib'
import type { ProxyError } from '../errors.ts'
import type { Coding } from './accept-encoding.ts'

/** The compressing itself runs on the runtime's own threads, so that other requests go on meanwhile. */

interface Codec {
  whole(bytes: Uint8Array): Promise<Uint8Array>
  stream(): ReturnType<typeof createGzip | typeof createBrotliCompress | typeof createZstdCompress>
  /** What makes the stream give out all that it was given. */
  readonly flushKind: number
}

/**
 * Levels for answers that are made on demand. Windows of 256 KiB hold the memory of one stream to about 1 MiB, of which
 * there is one for each open event stream.
 */
const windowBits = 18
const gzipOptions = { level: 5 }
const brotliOptions = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: windowBits },
}
const zstdOptions = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: windowBits },
}

const gzipWhole = promisify(gzip)
const brotliWhole = promisify(brotliCompress)
const zstdWhole = promisify(zstdCompress)

const codecs: Readonly<Record<Coding, Codec>> = {
  gzip: {
    whole: (bytes) => gzipWhole(bytes, gzipOptions),
    stream: () => createGzip(gzipOptions),
    flushKind: constants.Z_SYNC_FLUSH,
  },
  br: {
    whole: (bytes) => brotliWhole(bytes, brotliOptions),
    stream: () => createBrotliCompress(brotliOptions),
    flushKind: constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    whole: (bytes) => zstdWhole(bytes, zstdOptions),
    stream: () => createZstdCompress(zstdOptions),
    flushKind: constants.ZSTD_e_flush,
  },
}

export function encodeWhole(bytes: Uint8Array, coding: Coding): Promise<Uint8Array> {
  return codecs[coding].whole(bytes)
}

/** Encodes piece by piece. One call at a time; what has come out is taken with `take`. */
export class StreamEncoder {
  readonly #codec: Codec
  readonly #stream: ReturnType<Codec['stream']>
  #pieces: Uint8Array[] = []
  #abandon: ((reason: Error) => void) | undefined

  constructor(coding: Coding) {
    this.#codec = codecs[coding]
    this.#stream = this.#codec.stream()
    this.#stream.on('data', (piece: Uint8Array) => this.#pieces.push(piece))
    this.#stream.on('error', (error: Error) => this.#abandon?.(error))
  }

  /** All that has come out since the last call; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    const pieces = this.#pieces
    if (pieces.length < 2) return pieces.pop()
    this.#pieces = []
    return Buffer.concat(pieces)
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#settled((done) => this.#stream.write(piece, done))
  }

  /** Makes everything written so far readable for the one who decodes. */
  flush(): Promise<void> {
    return this.#settled((done) => this.#stream.flush(this.#codec.flushKind, done))
  }

  end(): Promise<void> {
    return this.#settled((done) => {
      this.#stream.once('end', done)
      this.#stream.end()
    })
  }

  /** Frees the encoder's memory; a call in progress rejects with the reason. */
  close(reason: ProxyError): void {
    this.#abandon?.(reason)
    this.#stream.destroy()
  }

  #settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#abandon = reject
      start((error) => (error ? reject(error) : resolve()))
    })
  }
}
