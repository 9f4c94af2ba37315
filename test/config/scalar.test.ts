import { describe, expect, test } from 'bun:test'
import type { Decoder } from '../../src/config/decoder.ts'
import { parseDuration } from '../../src/config/duration.ts'
import {
  boolean,
  byteSize,
  duration,
  float,
  int64,
  integer,
  nonEmptyText,
  oneOf,
  oneOfIgnoringCase,
  refine,
  text,
  timeout,
} from '../../src/config/scalar.ts'
import { decodeText } from './decode-text.ts'

const durationSyntax = 'a duration such as 10s, 1m30s or 300ms, or a whole number of seconds'

describe('A scalar', () => {
  test.each<[string, string, unknown, Decoder<unknown>]>([
    ['text', 'hello', 'hello', text],
    ['text from a number, as written', '1.10', '1.10', text],
    ['text from a number with leading zeros', '007', '007', text],
    ['text from a boolean', 'true', 'true', text],
    ['text with spaces kept', '" a "', ' a ', text],
    ...['1', 't', 'T', 'TRUE', 'true', 'True', '"true"'].map(
      (spelling): [string, string, unknown, Decoder<unknown>] => ['true', spelling, true, boolean],
    ),
    ...['0', 'f', 'F', 'FALSE', 'false', 'False', '"0"'].map(
      (spelling): [string, string, unknown, Decoder<unknown>] => ['false', spelling, false, boolean],
    ),
    ['an integer', '-12', -12, integer()],
    ['an integer from a string', '"12"', 12, integer()],
    ['an integer in hexadecimal', '0x1F', 31, integer()],
    ['an integer with an exponent', '1e3', 1000, integer()],
    ['a float', '0.25', 0.25, float()],
    ['a float from an integer', '2', 2, float()],
    ['the largest int64', '9223372036854775807', 9223372036854775807n, int64],
    ['a byte size', '1048576', 1_048_576, byteSize],
    ['seconds', '10', 10_000, duration],
    ['seconds as a string', '"10"', 10_000, duration],
    ['a Go duration', '1m30s', 90_000, duration],
    ['a negative duration', '-1s', -1000, duration],
    ['one of', 'keep', 'keep', oneOf('keep', 'drop')],
    ['one of in any case', 'debug', 'DEBUG', oneOfIgnoringCase('DEBUG', 'INFO')],
  ])('decodes %s from %s', (_, written, expected, decoder) => {
    expect(decodeText(decoder, written)).toEqual({ value: expected, problems: [] })
  })

  test.each<[string, string, Decoder<unknown>]>([
    ['[a]', 'is a list (expected a string)', text],
    ['{a: b}', 'is a map (expected a string)', text],
    ['""', 'is empty (expected a non-empty string)', nonEmptyText],
    ...['yes', 'no', 'on', 'off', 'tRuE', '2'].map((spelling): [string, string, Decoder<unknown>] => [
      spelling,
      `is not a boolean: "${spelling}" (expected true or false)`,
      boolean,
    ]),
    ['1.5', 'is not a whole number: "1.5" (expected a whole number)', integer()],
    ['0', 'is out of range: 0 (expected a whole number, at least 1)', integer({ min: 1 })],
    ['6', 'is out of range: 6 (expected a whole number, at most 5)', integer({ max: 5 })],
    ['6', 'is out of range: 6 (expected a whole number from 1 to 5)', integer({ min: 1, max: 5 })],
    ['9007199254740993', 'is out of range: 9007199254740993 (expected a whole number)', integer()],
    ['a', 'is not a number: "a" (expected a number)', float()],
    ['1.5', 'is out of range: 1.5 (expected a number from 0 to 1)', float({ min: 0, max: 1 })],
    ['9223372036854775808', 'is out of range: 9223372036854775808 (expected a 64-bit whole number)', int64],
    ['x', 'is not a whole number: "x" (expected a 64-bit whole number)', int64],
    ['4M', 'is not a number of bytes: "4M" (expected a number of bytes)', byteSize],
    ['-1', 'is not a number of bytes: "-1" (expected a number of bytes)', byteSize],
    ['10 s', `is not a duration: "10 s" (expected ${durationSyntax})`, duration],
    ['300000h0m99999999h', `is too long a duration: 300000h0m99999999h (expected ${durationSyntax})`, duration],
    ['-1s', `is negative: -1s (expected ${durationSyntax})`, timeout],
    ['keeep', '"keeep" is not known (expected "keep" or "drop"; did you mean "keep"?)', oneOf('keep', 'drop')],
    ['Keep', '"Keep" is not known (expected "keep" or "drop"; did you mean "keep"?)', oneOf('keep', 'drop')],
    ['x', '"x" is not known (expected "a", "b" or "c")', oneOf('a', 'b', 'c')],
    ['[a]', 'is a list (expected "a")', oneOf('a')],
    [
      'a',
      'must start with a slash',
      refine(text, (value) => (value.startsWith('/') ? undefined : 'must start with a slash')),
    ],
  ])('is refused: %s %s', (written, message, decoder) => {
    expect(decodeText(decoder, written)).toEqual({ value: undefined, problems: [`file:1:1: ${message}`] })
  })
})

describe('A duration', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['300ms', 300],
    ['1h2m3s4ms', 3_723_004],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['500us', 0.5],
    ['500µs', 0.5],
    ['1000ns', 0.001],
    ['+1s', 1000],
    ['-1m', -60_000],
  ])('%s is %d milliseconds', (written, ms) => {
    const parsed = parseDuration(written)
    expect(parsed.ok && parsed.value).toBeCloseTo(ms, 9)
  })

  test.each(['', '-', '.', 's', '1x', '1s ', '1s2', '--1s', '1.2.3s', '1d'])('%j is none', (written) => {
    expect(parseDuration(written).ok).toBe(false)
  })
})
