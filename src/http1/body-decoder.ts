import { noHeaders, type Headers } from '../http/headers.ts'
import { ChunkedDecoder } from './chunked-decoder.ts'
import type { Framing } from './framing.ts'
import type { HeadLimits } from './head.ts'

export type DecodeResult =
  /** Everything given belongs to the body, and more must come. */
  | { readonly kind: 'more' }
  /** The body is whole; `end` is the offset of the first byte after it. */
  | { readonly kind: 'end'; readonly end: number }
  | { readonly kind: 'bad'; readonly detail: string }

export interface PieceSink {
  /** Never empty. A view of the bytes given to `decode`, not a copy. */
  push(piece: Buffer): void
}

/** Finds the body in the bytes behind a head. After `end` or `bad` it is used up. */
export interface BodyDecoder {
  decode(bytes: Buffer, from: number, sink: PieceSink): DecodeResult
  /** Whole only after the end. */
  readonly trailers: Headers
  /** The peer will send no more: was that the body? */
  finish(): 'complete' | 'truncated'
}

/** The limits are for the trailer section. */
export function createDecoder(framing: Framing, limits: Pick<HeadLimits, 'maxHeadBytes' | 'maxFields'>): BodyDecoder {
  switch (framing.kind) {
    case 'none':
      return new LengthDecoder(0)
    case 'length':
      return new LengthDecoder(framing.bytes)
    case 'chunked':
      return new ChunkedDecoder(limits)
    case 'until-close':
      return new UntilCloseDecoder()
  }
}

/** Chunks lie beside each other in what was read; the pieces of every other body have it for themselves. */
export function bodyPieces(framing: Framing): { readonly ownsPieces: boolean } {
  return { ownsPieces: framing.kind !== 'chunked' }
}

const more: DecodeResult = { kind: 'more' }

class LengthDecoder implements BodyDecoder {
  readonly trailers = noHeaders
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  decode(bytes: Buffer, from: number, sink: PieceSink): DecodeResult {
    const end = Math.min(bytes.length, from + this.#left)
    this.#left -= end - from
    if (end > from) sink.push(end - from === bytes.length ? bytes : bytes.subarray(from, end))
    return this.#left === 0 ? { kind: 'end', end } : more
  }

  finish(): 'complete' | 'truncated' {
    return this.#left === 0 ? 'complete' : 'truncated'
  }
}

class UntilCloseDecoder implements BodyDecoder {
  readonly trailers = noHeaders

  decode(bytes: Buffer, from: number, sink: PieceSink): DecodeResult {
    if (bytes.length > from) sink.push(from === 0 ? bytes : bytes.subarray(from))
    return more
  }

  finish(): 'complete' | 'truncated' {
    return 'complete'
  }
}
