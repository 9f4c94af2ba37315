import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { Coding } from '../../src/middleware/accept-encoding.ts'

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }

/** Throws when the bytes are not a whole body in this coding. */
export function decode(bytes: Uint8Array, coding: Coding): string {
  return decoders[coding](bytes).toString('utf8')
}

const streams = { gzip: createGunzip, br: createBrotliDecompress, zstd: createZstdDecompress }

/** What a client makes of an encoded body while it is still coming. */
export class StreamDecoder {
  text = ''
  readonly #stream: ReturnType<(typeof streams)[Coding]>
  #grown = Promise.withResolvers<void>()

  constructor(coding: Coding) {
    this.#stream = streams[coding]()
    this.#stream.on('data', (piece: Buffer) => {
      this.text += piece.toString('utf8')
      this.#grown.resolve()
      this.#grown = Promise.withResolvers()
    })
  }

  write(piece: Uint8Array): void {
    this.#stream.write(piece)
  }

  /** Resolves when the text so far ends with this. */
  async until(ending: string): Promise<void> {
    while (!this.text.endsWith(ending)) await this.#grown.promise
  }
}
