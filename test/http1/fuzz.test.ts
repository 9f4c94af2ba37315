import { describe, expect, test } from 'bun:test'
import { parseResponseHead } from '../../src/http1/head.ts'
import { everyCut, latin1 } from './every-cut.ts'
import { limits, readRequests } from './read-requests.ts'
import { shapes } from './smuggling-shapes.ts'

/** Mulberry32: the same numbers in every run, so that what it finds can be found again. */
function randomSource(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const tasty = latin1('\r\n\r\n :;,\t\0\x7f\xff0123456789abcdefGET/?#%@[]*')

function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  let result = Buffer.from(bytes)
  for (let count = 1 + random(4); count > 0; count--) {
    const at = random(result.length)
    const octet = tasty[random(tasty.length)]!
    const kind = random(4)
    if (kind === 0) result[at] = octet
    else if (kind === 1) result = Buffer.concat([result.subarray(0, at), Buffer.of(octet), result.subarray(at)])
    else if (kind === 2) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1)])
    else result = Buffer.concat([result.subarray(0, at), result.subarray(random(result.length))])
    if (result.length === 0) return Buffer.of(octet)
  }
  return result
}

/** A refusal ends the connection, whatever it is called: cut bytes may show one fault before the other. */
function withoutCodes(seen: readonly string[]): string[] {
  return seen.map((line) => (line.startsWith('refused') ? 'refused' : line))
}

describe('mutated requests', () => {
  test('mean the same in one piece, in two and byte by byte', () => {
    const random = randomSource(9112)
    for (let round = 0; round < 20_000; round++) {
      const bytes = mutated(latin1(shapes[random(shapes.length)]!.bytes.slice(0, 400)), random)
      const whole = withoutCodes(readRequests([bytes]))
      const at = random(bytes.length)
      const cut = withoutCodes(readRequests([bytes.subarray(0, at), bytes.subarray(at)]))
      if (!Bun.deepEquals(cut, whole))
        expect({ at, bytes: bytes.toString('latin1'), cut }).toEqual({ at: -1, bytes: '', cut: whole })
      if (round % 50 > 0) continue
      for (const pieces of everyCut(bytes)) {
        const seen = withoutCodes(readRequests(pieces))
        // What is refused at once in a part may, in the whole, only be missing its end.
        expect(seen).toEqual(whole)
      }
    }
  })
})

describe('mutated responses', () => {
  test('are a head, a fault or a part, never an exception', () => {
    const random = randomSource(9110)
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close, upgrade\r\nUpgrade: a\r\nX: y\r\n\r\nhello'
    const kinds = new Set<string>()
    for (let round = 0; round < 20_000; round++) {
      const bytes = mutated(latin1(text), random)
      const result = parseResponseHead(bytes, 0, limits, { requestMethod: 'GET' })
      kinds.add(result.kind)
      if (result.kind === 'head') expect(result.end).toBeLessThanOrEqual(bytes.length)
    }
    expect([...kinds].sort()).toEqual(['bad', 'head', 'incomplete'])
  })
})
