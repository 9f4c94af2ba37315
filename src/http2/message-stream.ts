import type { DecodedFields } from './hpack/decoder.ts'

/** How a stream ended: both sides said so, one of them reset it, or the connection went. */
export type StreamEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'reset'; readonly by: 'us' | 'peer'; readonly code: number }
  /** `isUnprocessed`: the peer has said that it has not looked at it (RFC 9113 §8.7). */
  | { readonly kind: 'lost'; readonly isUnprocessed: boolean }

/** Whoever a stream is for. `closed` is called once, and last. */
export interface StreamListener {
  /** A field section after the first: an interim or final head, or trailers. */
  receivedFields(section: DecodedFields, endStream: boolean): void
  receivedData(piece: Buffer): void
  /** The peer has ended its message. */
  receivedEnd(): void
  /** The end of our message has been handed to the connection. */
  sentEnd(): void
  /** All that was written has been sent, after a `write` that said false. */
  drained(): void
  closed(end: StreamEnd): void
}

/** What serving one request needs of its stream: that of HTTP/2, or one of HTTP/3 in the same form. */
export interface MessageStream {
  attach(listener: StreamListener): void
  /** Each piece that is received has its memory for itself, and nobody else keeps it. */
  readonly ownsPieces: boolean
  /** The last octet and the end have been handed to the connection. */
  readonly hasSentEnd: boolean
  /** A head, final or interim. HTTP/3 throws for one that its engine can't send. */
  sendFields(fields: readonly string[], endStream: boolean): void
  /** False: kept, and `drained` follows unless it is the last. On a closed stream bytes vanish. */
  write(piece: Uint8Array, isLast: boolean): boolean
  /** As `write`, for a piece that the caller owns alone and gives away. */
  writeOwned(piece: Uint8Array, isLast: boolean): boolean
  /** Ends the message, with trailers if there are any. */
  finish(trailers: readonly string[]): void
  /** Closes it at once with an error code of HTTP/2; what has not been sent is dropped. */
  reset(code: number): void
  /** The listener wants no more for now. */
  hold(): void
  want(): void
}
