import { describe, expect, test } from 'bun:test'
import { durationText, markdownTable, optionRows } from '../../scripts/docs/options-table.ts'
import {
  allowEmpty,
  boolean,
  dead,
  experimental,
  duration,
  list,
  map,
  nonEmptyText,
  notYet,
  object,
  optional,
  removed,
  section,
  text,
  withDefault,
} from '../../src/config/schema.ts'

const schema = object({
  name: nonEmptyText,
  servers: withDefault(list(object({ url: text, on: withDefault(boolean, true) })), []),
  times: section(object({ idle: withDefault(duration, 90_000) })),
  headers: optional(map(text)),
  cache: optional(allowEmpty(object({ codes: withDefault(list(text), ['404', '410']) }))),
  young: experimental(optional(text)),
  later: notYet(object({ inner: text })),
  useless: dead(boolean),
  gone: removed('leave it out'),
})

describe('the rows of a reference table', () => {
  test('hold every key with its value, default and support', () => {
    expect(optionRows(schema.describe()).map((row) => Object.values(row).join(' | '))).toEqual([
      'name | a non-empty string | required | yes',
      'servers | list of sections |  | yes',
      'servers[].url | a string | required | yes',
      'servers[].on | true or false | `true` | yes',
      'times | section |  | yes',
      'times.idle | a duration | `1m30s` | yes',
      'headers | map of names, each with a string |  | yes',
      'cache | section, or `true` |  | yes',
      'cache.codes | a list, each item a string | `404`, `410` | yes',
      'young | a string |  | experimental',
      'later | section |  | not yet',
      'useless | true or false |  | no effect',
    ])
  })

  test('name the entries of a map', () => {
    const entries = object({ stores: map(object({ file: text })) })
    expect(optionRows(entries.describe()).map(({ key }) => key)).toEqual(['stores', 'stores.<name>.file'])
  })
})

describe('a duration', () => {
  test.each([
    [0, '0s'],
    [300, '300ms'],
    [10_000, '10s'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [1500, '1500ms'],
  ])('of %p ms is written %s', (ms, written) => {
    expect(durationText(ms)).toBe(written)
  })
})

describe('a table', () => {
  test('has its columns in line and its bars escaped', () => {
    expect(markdownTable(['key', 'a'], [['x | y', 'z']])).toBe('| key    | a   |\n| ------ | --- |\n| x \\| y | z   |')
  })
})
