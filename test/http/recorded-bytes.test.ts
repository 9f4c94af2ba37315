import { describe, expect, test } from 'bun:test'
import { RecordedBytes } from '../../src/http/recorded-bytes.ts'

function readAll(recorded: RecordedBytes): { text: string; pieces: number } {
  const cursor = { block: 0, offset: 0 }
  const pieces: Uint8Array[] = []
  for (let piece = recorded.read(cursor); piece !== undefined; piece = recorded.read(cursor)) pieces.push(piece)
  return { text: Buffer.concat(pieces).toString(), pieces: pieces.length }
}

describe('RecordedBytes', () => {
  test('gives to every reader what was appended, in any sizes', () => {
    const recorded = new RecordedBytes()
    let expected = ''
    for (const [at, size] of [1, 5000, 3, 16_384, 2047, 2048, 2049, 1, 40_000, 16_383, 1].entries()) {
      const text = String.fromCharCode(97 + at).repeat(size)
      recorded.append(Buffer.from(text))
      expected += text
    }
    expect(recorded.length).toBe(expected.length)
    expect(readAll(recorded).text).toBe(expected)
    expect(readAll(recorded).text).toBe(expected)
  })

  test('goes on where a reader stopped, whatever was appended since', () => {
    const recorded = new RecordedBytes()
    const cursor = { block: 0, offset: 0 }
    let read = ''
    let written = ''
    for (let at = 0; at < 3000; at++) {
      const text = `${at},`.repeat(at % 700 === 0 ? 1000 : 1 + (at % 7))
      recorded.append(Buffer.from(text))
      written += text
      if (at % 3 === 0)
        for (let piece = recorded.read(cursor); piece !== undefined;) {
          read += Buffer.from(piece).toString()
          piece = recorded.read(cursor)
        }
    }
    for (let piece = recorded.read(cursor); piece !== undefined; piece = recorded.read(cursor)) {
      read += Buffer.from(piece).toString()
    }
    expect(read).toBe(written)
  })

  test('keeps bytes that come one by one in few pieces', () => {
    const recorded = new RecordedBytes()
    for (let at = 0; at < 100_000; at++) recorded.append(new Uint8Array([at & 0xff]))
    const { pieces } = readAll(recorded)
    expect(pieces).toBe(Math.ceil(100_000 / (16 * 1024)))
  })

  test('has nothing to read when nothing was appended', () => {
    expect(new RecordedBytes().read({ block: 0, offset: 0 })).toBeUndefined()
  })
})
