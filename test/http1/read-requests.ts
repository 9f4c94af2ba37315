import { createDecoder, type BodyDecoder } from '../../src/http1/body-decoder.ts'
import { parseRequestHead, type HeadLimits, type RequestHead } from '../../src/http1/head.ts'

export const limits: HeadLimits = { maxHeadBytes: 4096, maxTargetBytes: 1024, maxFields: 20 }

/**
 * What a server that uses the codec sees on one connection, one line each: `POST /a hello` for a message with its
 * body, `+ name: value` behind it for a trailer, and at the end `open`, `refused <code>`, `bad body` or `truncated`.
 */
export function readRequests(pieces: readonly Buffer[]): string[] {
  const reader = new RequestReader()
  for (const piece of pieces) reader.receive(piece)
  return reader.finish()
}

interface Current {
  readonly head: RequestHead
  readonly decoder: BodyDecoder
  body: string
}

class RequestReader {
  readonly #seen: string[] = []
  #pending = Buffer.alloc(0)
  #scanned = 0
  #current: Current | undefined
  #isOver = false

  receive(piece: Buffer): void {
    if (this.#isOver) return
    this.#pending = Buffer.concat([this.#pending, piece])
    while (!this.#isOver && this.#advance());
  }

  finish(): string[] {
    if (!this.#isOver) this.#seen.push(this.#current === undefined && this.#pending.length === 0 ? 'open' : 'truncated')
    return this.#seen
  }

  /** False when more bytes are needed. */
  #advance(): boolean {
    if (this.#current !== undefined) return this.#readBody(this.#current)
    const result = parseRequestHead(this.#pending, 0, limits, this.#scanned)
    if (result.kind === 'bad') return this.#end(`refused ${result.code}`)
    this.#scanned = this.#pending.length
    if (result.kind === 'incomplete') return false
    this.#take(result.end)
    this.#current = { head: result.head, decoder: createDecoder(result.head.framing, limits), body: '' }
    return true
  }

  #readBody(current: Current): boolean {
    const sink = { push: (piece: Buffer) => void (current.body += piece.toString('latin1')) }
    const result = current.decoder.decode(this.#pending, 0, sink)
    if (result.kind === 'bad') return this.#end('bad body')
    this.#take(result.kind === 'end' ? result.end : this.#pending.length)
    if (result.kind === 'more') return false
    const { method, target } = current.head
    this.#seen.push(`${method} ${target} ${current.body}`.trimEnd())
    const { trailers } = current.decoder
    for (let at = 0; at < trailers.length; at += 2) this.#seen.push(`+ ${trailers[at]}: ${trailers[at + 1]}`)
    this.#current = undefined
    return this.#pending.length > 0
  }

  #take(end: number): void {
    this.#pending = this.#pending.subarray(end)
    this.#scanned = 0
  }

  #end(line: string): false {
    this.#seen.push(line)
    this.#isOver = true
    return false
  }
}
