import { ProxyError } from '../errors.ts'
import type { Body } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'
import { pullBody } from '../http/pull-body.ts'

/** The flag of a gRPC-Web frame that holds trailers and no message. */
const trailerFlag = 0x80
const frameHeadBytes = 5

/** A gRPC body with its trailers as the last frame, in base64 for a browser that can't stream bytes. */
export function encodeGrpcWebBody(body: Body, isText: boolean): Body {
  const encode = (piece: Uint8Array): Uint8Array => (isText ? Buffer.from(toBase64(piece), 'latin1') : piece)
  let isOver = false
  return pullBody({
    length: undefined,
    async read() {
      if (isOver) return undefined
      const piece = await body.read()
      if (piece !== undefined) return encode(piece)
      isOver = true
      return encode(trailerFrame(body.trailers))
    },
    cancel: (reason) => body.cancel(reason),
  })
}

/** A body of base64 as the bytes it stands for; every piece that a browser sends may end in padding of its own. */
export function decodeBase64Body(body: Body): Body {
  let rest = ''
  return pullBody({
    length: body.length === 0 ? 0 : undefined,
    async read() {
      while (true) {
        const piece = await body.read()
        if (piece === undefined) return endOf(rest)
        const text = rest + Buffer.from(piece).toString('latin1')
        const whole = text.length - (text.length % 4)
        rest = text.slice(whole)
        if (whole > 0) return decodeGroups(text.slice(0, whole))
      }
    },
    cancel: (reason) => body.cancel(reason),
  })
}

function endOf(rest: string): undefined {
  if (rest !== '') throw new ProxyError('client.malformed', 'a body that is not base64')
}

function decodeGroups(text: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)*$/.test(text)) {
    throw new ProxyError('client.malformed', 'a body that is not base64')
  }
  const runs = text.match(/[^=]+=*/g) ?? []
  return Buffer.concat(runs.map((run) => Buffer.from(run, 'base64')))
}

function trailerFrame(trailers: Headers): Uint8Array {
  let text = ''
  for (let at = 0; at < trailers.length; at += 2) text += `${trailers[at]!.toLowerCase()}: ${trailers[at + 1]}\r\n`
  const frame = Buffer.alloc(frameHeadBytes + text.length)
  frame[0] = trailerFlag
  frame.writeUInt32BE(text.length, 1)
  frame.latin1Write(text, frameHeadBytes)
  return frame
}

function toBase64(piece: Uint8Array): string {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64')
}
