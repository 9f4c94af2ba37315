import { describe, expect, test } from 'bun:test'
import { formatDuration, parseDuration } from '../../src/config/duration.ts'

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [0.000001, '1ns'],
    [0.0015, '1.5µs'],
    [0.5, '500µs'],
    [1, '1ms'],
    [999.999999, '999.999999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [59_999.5, '59.9995s'],
    [60_000, '1m0s'],
    [90_500, '1m30.5s'],
    [3_600_000, '1h0m0s'],
    [93_784_005, '26h3m4.005s'],
    [-1500, '-1.5s'],
  ])('writes %p ms as %s, which means the same when read', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
    expect(parseDuration(text)).toMatchObject({ ok: true })
    const parsing = parseDuration(text)
    if (parsing.ok) expect(parsing.value).toBeCloseTo(ms, 6)
  })
})
