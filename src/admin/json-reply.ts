import { setImmediate } from 'node:timers/promises'
import { bytesBody, textBody, type Body } from '../http/body.ts'
import type { HttpResponse } from '../http/message.ts'
import { pullBody } from '../http/pull-body.ts'

const headers = ['Content-Type', 'application/json'] as const

/** An answer that is small. Go's encoder ends with a line feed, and so do the answers here. */
export function jsonReply(status: number, value: unknown): HttpResponse {
  return { status, headers, body: textBody(`${JSON.stringify(value)}\n`) }
}

/** Traefik's form of an error. */
export function jsonError(status: 400 | 404, message: string): HttpResponse {
  return jsonReply(status, { message })
}

/** An answer that is written while it is sent: neither does it hold up other requests nor lie in memory as a whole. */
export function streamedJson(pieces: Iterator<string>, more: readonly string[] = []): HttpResponse {
  const first = gather(pieces)
  const body = first.isLast ? bytesBody(first.bytes) : restBody(first.bytes, pieces)
  return { status: 200, headers: [...headers, ...more], body }
}

const gatheredBytes = 64 * 1024
const gatheringMs = 2

interface Gathered {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

function gather(pieces: Iterator<string>): Gathered {
  const until = performance.now() + gatheringMs
  let text = ''
  do {
    const next = pieces.next()
    if (next.done === true) return { bytes: Buffer.from(`${text}\n`), isLast: true }
    text += next.value
  } while (text.length < gatheredBytes && performance.now() < until)
  return { bytes: Buffer.from(text), isLast: false }
}

function restBody(first: Uint8Array, pieces: Iterator<string>): Body {
  let early: Uint8Array | undefined = first
  let isOver = false
  const read = async (): Promise<Uint8Array | undefined> => {
    const bytes = early
    early = undefined
    if (bytes !== undefined) return bytes
    if (isOver) return undefined
    await setImmediate()
    const gathered = gather(pieces)
    isOver = gathered.isLast
    return gathered.bytes
  }
  return pullBody({ read, cancel: () => void (isOver = true) })
}

/** `[…]` of the values of a list, each made when its turn has come. */
export function* arrayPieces<T>(items: readonly T[], convert: (item: T) => unknown): Generator<string> {
  let separator = '['
  for (const item of items) {
    yield separator + JSON.stringify(convert(item))
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}

/** `{…}` likewise, of names and values. */
export function* objectPieces<T>(
  items: readonly T[],
  convert: (item: T) => readonly [name: string, value: unknown],
): Generator<string> {
  let separator = '{'
  for (const item of items) {
    const [name, value] = convert(item)
    yield `${separator}${JSON.stringify(name)}:${JSON.stringify(value)}`
    separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}
