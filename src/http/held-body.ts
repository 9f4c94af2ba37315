import type { Body } from './body.ts'

/**
 * The whole of a body, read into memory; undefined when it is longer than `mostBytes`, and then what is left of it is
 * still unread. Rejects with a ProxyError when the body breaks off.
 */
export async function holdBody(body: Body, mostBytes: number): Promise<Uint8Array | undefined> {
  if (body.length !== undefined && body.length > mostBytes) return undefined
  const pieces: Uint8Array[] = []
  let held = 0
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
    held += piece.length
    if (held > mostBytes) return undefined
    pieces.push(piece)
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, held)
}
