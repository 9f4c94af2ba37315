import { describe, expect, test } from 'bun:test'
import { wholeLines } from '../../src/observe/whole-lines.ts'

describe('whole lines', () => {
  test.each([
    ['', 4, []],
    ['a\n', 4, ['a\n']],
    ['a\nb\nc\n', 4, ['a\nb\n', 'c\n']],
    ['a\nb\nc\n', 5, ['a\nb\n', 'c\n']],
    ['a\nb\nc\n', 2, ['a\n', 'b\n', 'c\n']],
    ['longer\nb\n', 4, ['longer\n', 'b\n']],
    ['b\nlonger', 4, ['b\n', 'longer']],
    ['abcd\nb\n', 5, ['abcd\n', 'b\n']],
    ['a\nb\nc\n', Infinity, ['a\nb\nc\n']],
  ])('of %j in pieces of at most %p bytes are %j', (text, maxBytes, pieces) => {
    const found = [...wholeLines(Buffer.from(text), maxBytes)].map((piece) => Buffer.from(piece).toString())
    expect(found).toEqual(pieces)
  })
})
