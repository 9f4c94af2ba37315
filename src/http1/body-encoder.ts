import type { Headers } from '../http/headers.ts'
import { encodeFields } from './encode-fields.ts'

const lastChunkAlone = Buffer.from('0\r\n\r\n')

/** What goes before a chunk of `size` bytes; CRLF goes after it. A size of 0 would end the body, so there is none. */
export function chunkHeader(size: number): Buffer {
  if (size <= 0) throw new RangeError('a chunk has at least one byte')
  return Buffer.from(`${size.toString(16)}\r\n`, 'latin1')
}

/** The end of a chunked body: last chunk, trailer section, empty line (RFC 9112 §7.1). */
export function lastChunk(trailers: Headers): Buffer {
  if (trailers.length === 0) return lastChunkAlone
  return Buffer.from(`0\r\n${encodeFields(trailers, 'trailer')}\r\n`, 'latin1')
}
