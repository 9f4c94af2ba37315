import { describe, expect, test } from 'bun:test'
import { WaitingBytes } from '../../src/http3/waiting-bytes.ts'

const mebibyte = 1024 * 1024

describe('The bytes that wait', () => {
  test('are no more than 16 MiB of one stream', () => {
    const waiting = new WaitingBytes()
    expect(waiting.change(0, 16 * mebibyte)).toBeTrue()
    expect(waiting.change(16 * mebibyte, 16 * mebibyte + 1)).toBeFalse()
  })

  test('are no more than 48 MiB of all streams, and those that went make room', () => {
    const waiting = new WaitingBytes()
    for (let stream = 0; stream < 4; stream++) expect(waiting.change(0, 12 * mebibyte)).toBeTrue()
    expect(waiting.change(0, mebibyte)).toBeFalse()
    waiting.change(mebibyte, 0)
    waiting.change(12 * mebibyte, 0)
    expect(waiting.change(0, mebibyte)).toBeTrue()
  })

  test('may always be a few', () => {
    const waiting = new WaitingBytes()
    for (let stream = 0; stream < 4; stream++) waiting.change(0, 12 * mebibyte)
    expect(waiting.change(0, 256 * 1024)).toBeTrue()
  })
})
