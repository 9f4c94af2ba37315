import { describe, expect, test } from 'bun:test'
import { parseMediaType } from '../../src/http/media-type.ts'

describe('a media type', () => {
  test.each([
    ['text/html', 'text/html'],
    [' Text/HTML ; charset=utf-8', 'text/html'],
    ['text/html; charset = "a;b\\"c"; x=1', 'text/html'],
    ['text/html;', 'text/html'],
    ['text/html; ', 'text/html'],
    ['text', 'text'],
    ['application/grpc+proto', 'application/grpc+proto'],
    ['', undefined],
    ['text/', undefined],
    ['/html', undefined],
    ['text/html/x', undefined],
    ['text/html x', undefined],
    ['text/html; charset', undefined],
    ['text/html; charset="utf', undefined],
    ['text/html; =x', undefined],
    ['text/html; a=1; A=2', undefined],
    ['text/html;; a=1', undefined],
  ])('%j is read as %p', (value, type) => {
    expect(parseMediaType(value)).toBe(type)
  })

  test('takes no time to refuse', () => {
    expect(parseMediaType(`text/html${' '.repeat(1_000_000)}!`)).toBeUndefined()
    expect(parseMediaType(`text/html${'; a=1'.repeat(100_000)} !`)).toBeUndefined()
  })
})
