import { ProxyError } from '../errors.ts'
import type { Body } from './body.ts'

/**
 * All bytes of a body in memory, or undefined when they are more than `limitBytes` (negative: no limit); the rest is
 * then let go. Rejects when the body breaks off.
 */
export async function readWhole(body: Body, limitBytes: number): Promise<Buffer | undefined> {
  const limit = limitBytes < 0 ? Infinity : limitBytes
  const pieces: Uint8Array[] = []
  let bytes = 0
  if ((body.length ?? 0) <= limit) {
    for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes > limit) break
    }
  }
  if (Math.max(bytes, body.length ?? 0) <= limit) return Buffer.concat(pieces)
  body.cancel(new ProxyError('client.bodyTooLarge', `more than ${limit} bytes, which are to be held in memory`))
  return undefined
}
