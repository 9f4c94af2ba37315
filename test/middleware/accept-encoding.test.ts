import { describe, expect, test } from 'bun:test'
import { chooseCoding, codingChooser, type Coding, type CodingChoice } from '../../src/middleware/accept-encoding.ts'

type Row = [accepted: string | undefined, choice: CodingChoice, encodings?: Coding[], defaultEncoding?: Coding]

const all: Coding[] = ['gzip', 'br', 'zstd']
const brotliFirst: Coding[] = ['br', 'gzip', 'zstd']

const rows: Row[] = [
  ['gzip, br', 'gzip'],
  ['gzip, br, zstd', 'gzip'],
  ['br;q=1.0, zstd;q=1.0, gzip;q=1.0', 'gzip'],
  ['br;q=1.0, zstd;q=1.0, gzip;q=1.0', 'gzip', all, 'br'],
  ['zstd, gzip, br', 'br', ['br', 'gzip']],
  ['compress, gzip', 'gzip'],
  ['compress;q=1.0, gzip;q=0.5', 'gzip'],
  ['br;q=0.8, gzip;q=1.0, *;q=0.1', 'gzip'],
  ['br;q=0.8, gzip;q=1.0, *;q=0.1', 'br', ['zstd', 'br']],
  ['gzip, br;q=0.9', 'gzip', ['br', 'gzip']],
  ['gzip ; q=0.5 , br ; q=0.6', 'br'],
  ['GZIP;Q=0.5', 'gzip'],
  ['gzip;x=1', 'gzip'],
  ['gzip, *;q=0', 'gzip'],
  ['compress;q=1.0, gzip, identity;q=0', 'gzip'],
  // Not at all.
  ['', undefined],
  [' , ', undefined],
  ['compress, rar', undefined],
  ['identity', undefined],
  ['br;q=0.8, identity;q=1.0', undefined],
  ['br;q=0.8, identity;q=0.8', 'br'],
  ['compress;q=1.0, identity;q=0', undefined],
  ['compress;q=1.0, *;q=0', undefined],
  ['br;q=0, gzip;q=0, zstd;q=0', undefined],
  ['br;q=0, gzip;q=0, zstd;q=0', undefined, all, 'br'],
  ['gzip;q=none', undefined],
  ['gzip;q=-1', undefined],
  // A star beats all at the same weight.
  ['*', 'br', brotliFirst],
  ['*', 'br', all, 'br'],
  ['gzip, *', 'zstd', all, 'zstd'],
  ['gzip, *;q=0.9', 'gzip', all, 'zstd'],
  ['*;q=0.1', 'zstd', ['zstd', 'gzip']],
  // The gzip that nobody named.
  ['*', 'plain'],
  ['gzip;q=0, *', 'plain'],
  [undefined, 'plain', all, 'gzip'],
  // The star does not speak for what is refused by name.
  ['br;q=0, *', 'plain', brotliFirst],
  // Without the field.
  [undefined, undefined],
  [undefined, 'br', all, 'br'],
  [undefined, 'zstd', all, 'zstd'],
]

describe('the coding', () => {
  test.each(rows)('for %j is %p (%p, default %p)', (accepted, choice, encodings = all, defaultEncoding = undefined) => {
    expect(chooseCoding(accepted, { encodings, defaultEncoding })).toBe(choice)
  })

  test('is the same when it is remembered, and when there are too many to remember', () => {
    const choose = codingChooser({ encodings: all, defaultEncoding: undefined })
    for (let round = 0; round < 2; round++) {
      for (let weight = 1; weight <= 300; weight++) {
        expect(choose(`gzip;q=0.${weight}, br;q=0.1501`)).toBe(Number(`0.${weight}`) > 0.1501 ? 'gzip' : 'br')
      }
      expect(choose('identity')).toBeUndefined()
    }
  })
})
