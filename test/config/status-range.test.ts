import { describe, expect, test } from 'bun:test'
import { isInRanges, parseStatusRange } from '../../src/config/status-range.ts'

describe('parseStatusRange', () => {
  test.each([
    ['404', { from: 404, to: 404 }],
    ['500-599', { from: 500, to: 599 }],
    ['100-999', { from: 100, to: 999 }],
    ['599-500', undefined],
    ['099', undefined],
    ['1000', undefined],
    ['5xx', undefined],
    ['500,502', undefined],
    ['', undefined],
  ])('reads "%s"', (written, expected) => {
    expect(parseStatusRange(written)).toEqual(expected)
  })
})

describe('isInRanges', () => {
  test.each([
    [499, false],
    [500, true],
    [502, true],
    [503, false],
    [404, true],
  ])('tells for %d: %p', (status, expected) => {
    expect(isInRanges(status, [parseStatusRange('500-502')!, parseStatusRange('404')!])).toBe(expected)
  })
})
