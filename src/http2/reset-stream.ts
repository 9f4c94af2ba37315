import { constants } from 'node:http2'
import type { ProxyError } from '../errors.ts'
import type { MessageStream } from './message-stream.ts'

/**
 * Ends a stream with RST_STREAM and this code (RFC 9113 §7). Bun's `stream.close(code)` would send an empty last DATA frame first, and the peer
 * would take a message that was cut short for a whole one; destroying with an error sends the reset alone.
 */
export function resetStream(stream: MessageStream, reason: ProxyError, code: number): void {
  if (stream.destroyed) return
  // Read-only in the types, but an own field of Bun's streams that `destroy` reads.
  ;(stream as { rstCode: number }).rstCode = code
  stream.destroy(reason)
}

/** Whether a stream's end, as its reader sees it, was the END_STREAM of the peer and not a reset or a lost connection. */
export function endedWhole(stream: MessageStream): boolean {
  return !stream.destroyed && !stream.aborted && (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR
}
