import { describe, expect, test } from 'bun:test'
import { free } from '../../src/net/free.ts'

const large = 64 * 1024

describe('free', () => {
  test('empties what has its memory for itself', () => {
    const bytes = new Uint8Array(large)
    free(bytes)
    expect(bytes.length).toBe(0)
  })

  test('empties what is the end of its memory, and what was before it', () => {
    const all = new Uint8Array(large + 100)
    free(all.subarray(100))
    expect(all.length).toBe(0)
  })

  test.each([
    ['is small', new Uint8Array(1024)],
    ['has others behind it in its memory', new Uint8Array(2 * large).subarray(0, large)],
    ['lies in shared memory', new Uint8Array(new SharedArrayBuffer(large))],
  ])('leaves alone what %s', (_, bytes) => {
    const { length } = bytes
    free(bytes)
    expect(bytes.length).toBe(length)
  })
})
