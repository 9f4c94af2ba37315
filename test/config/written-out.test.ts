import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import {
  allowEmpty,
  boolean,
  duration,
  float,
  int64,
  integer,
  list,
  map,
  notYet,
  object,
  optional,
  secret,
  section,
  text,
  withDefault,
  type Decoder,
} from '../../src/config/schema.ts'
import { valueWrittenOut, writtenOut } from '../../src/config/written-out.ts'
import { decodeText } from './decode-text.ts'

const schema = object({
  path: withDefault(text, ''),
  isOn: withDefault(boolean, false),
  isKept: withDefault(boolean, true),
  count: withDefault(integer(), 0),
  share: optional(float()),
  priority: optional(int64),
  interval: withDefault(duration, 90_000),
  pause: withDefault(duration, 0),
  names: withDefault(list(text), []),
  labels: withDefault(map(text), new Map()),
  cookie: optional(allowEmpty(object({ name: withDefault(text, 'c') }))),
  timeouts: section(object({ dial: withDefault(duration, 500), idle: withDefault(duration, 0) })),
  password: optional(secret(text)),
  users: withDefault(list(secret(text)), []),
  later: notYet(),
})

const absent = { isKept: true, interval: '1m30s', timeouts: { dial: '500ms' } }

function out(written: string, decoder: Decoder<unknown> = schema): unknown {
  const { node } = parseDocument({ file: 'file', text: written, format: 'yaml' })
  return JSON.parse(JSON.stringify(writtenOut(node!, decoder)))
}

describe('a configuration that is written out', () => {
  test.each<[string, object]>([
    ['{}', {}],
    ['PATH: /x', { path: '/x' }],
    ['path: 12', { path: '12' }],
    ['isOn: "1"', { isOn: true }],
    ['isOn: false', { isOn: false }],
    ['isKept: f', { isKept: false }],
    ['count: "007"', { count: 7 }],
    ['share: 2.5e3', { share: 2500 }],
    ['interval: 3', { interval: '3s' }],
    ['interval: 0.1s', { interval: '100ms' }],
    ['interval: 1h', { interval: '1h0m0s' }],
    ['pause: 0', { pause: '0s' }],
    ['names: a, b', { names: ['a', 'b'] }],
    ['names: [a, "b,c"]', { names: ['a', 'b,c'] }],
    ['names: []', { names: [] }],
    ['labels: {Aa: 1}', { labels: { Aa: '1' } }],
    ['cookie: {}', { cookie: { name: 'c' } }],
    ['cookie: true', { cookie: { name: 'c' } }],
    ['cookie: false', {}],
    ['timeouts: {idle: 1s}', { timeouts: { dial: '500ms', idle: '1s' } }],
  ])('has its own spelling of keys, typed values and defaults: %s', (written, expected) => {
    expect(out(written)).toEqual({ ...absent, ...expected })
  })

  test('has a number that JavaScript has none for', () => {
    const { node } = parseDocument({ file: 'file', text: 'priority: 9223372036854775806', format: 'yaml' })
    expect(JSON.stringify(writtenOut(node!, schema))).toContain('"priority":9223372036854775806,')
  })

  test.each([
    ['password: geheim', { password: 'xxxx' }],
    ['users: ["a:$2y$05$abc", "b:c"]', { users: ['xxxx', 'xxxx'] }],
    ['path: "redis://user:geheim@host/1"', { path: 'redis://user:xxxx@host/1' }],
    ['path: "mail: me@host"', { path: 'mail: me@host' }],
  ])('hides secrets: %s', (written, expected) => {
    expect(out(written)).toEqual({ ...absent, ...expected })
  })

  test('is much the same when only its value is left', () => {
    const written = 'count: 7\nnames: a\nlabels: {a: b}\npriority: 12\npassword: geheim\nisKept: false'
    const { value } = decodeText(schema, written)
    expect(JSON.parse(JSON.stringify(valueWrittenOut(value, schema)))).toEqual({
      interval: '1m30s',
      timeouts: { dial: '500ms' },
      count: 7,
      names: ['a'],
      labels: { a: 'b' },
      priority: 12,
      password: 'xxxx',
    })
  })
})
