import { describe, expect, test } from 'bun:test'
import {
  allowEmpty,
  anything,
  boolean,
  type Decoder,
  dead,
  deprecated,
  integer,
  isolatedMap,
  list,
  map,
  mapped,
  notYet,
  object,
  optional,
  parsed,
  removed,
  section,
  text,
  timeout,
  withDefault,
} from '../../src/config/schema.ts'
import { decodeText } from './decode-text.ts'

const server = object({
  url: text,
  weight: withDefault(integer({ min: 0 }), 1),
  name: optional(text),
  limits: section(object({ idle: withDefault(timeout, 5000) })),
})

describe('An object', () => {
  test('has defaults for what is absent, section by section', () => {
    expect(decodeText(server, 'url: a')).toEqual({
      value: { url: 'a', weight: 1, name: undefined, limits: { idle: 5000 } },
      problems: [],
    })
  })

  test('takes keys in any case', () => {
    expect(decodeText(server, 'URL: a\nWeIgHt: 3').value).toMatchObject({ url: 'a', weight: 3 })
  })

  test('takes a key with a null value as absent', () => {
    expect(decodeText(server, 'url: a\nweight:\nname: ~').value).toMatchObject({ weight: 1, name: undefined })
  })

  test('tells all its problems, each at its place', () => {
    expect(decodeText(server, 'weight: x\nnmae: a\nlimits:\n  idle: 1y\n')).toEqual({
      value: undefined,
      problems: [
        'file:1:1: url: is required (expected a string)',
        'file:1:9: weight: is not a whole number: "x" (expected a whole number, at least 0)',
        'file:2:1: nmae: unknown key (expected url, weight, name, limits; did you mean "name"?)',
        'file:4:9: limits.idle: is not a duration: "1y" (expected a duration such as 10s, 1m30s or 300ms, or a whole number of seconds)',
      ],
    })
  })

  test.each([
    [
      'an unknown key far from all others',
      'url: a\nfrobnicate: 1',
      'file:2:1: frobnicate: unknown key (expected url, weight, name, limits)',
    ],
    ['a key given in two cases', 'url: a\nUrl: b', 'file:2:1: url: is given twice (keys are the same in any case)'],
    ['an empty map', '{}', 'file:1:1: is empty, which sets nothing (give it a key, or leave it out)'],
    [
      'an empty section',
      'url: a\nlimits: {}',
      'file:2:9: limits: is empty, which sets nothing (give it a key, or leave it out)',
    ],
    ['a scalar', 'x', 'file:1:1: is "x" (expected a map)'],
    ['a list', '[x]', 'file:1:1: is a list (expected a map)'],
  ])('refuses %s', (_, written, problem) => {
    expect(decodeText(server, written)).toEqual({ value: undefined, problems: [problem] })
  })

  test('does not mistake the names every JavaScript object has for keys', () => {
    const { problems } = decodeText(server, 'url: a\n__proto__: x\nconstructor: y')
    expect(problems).toHaveLength(2)
  })
})

describe('An allow-empty object', () => {
  const decoder = object({ tls: optional(allowEmpty(object({ on: withDefault(boolean, true) }))) })

  test.each(['{}', 'true', '1', '{on: true}'])('is on, with its defaults, when given as %s', (written) => {
    expect(decodeText(decoder, `tls: ${written}`)).toEqual({ value: { tls: { on: true } }, problems: [] })
  })

  test.each(['false', '0'])('is as if absent when given as %s', (written) => {
    expect(decodeText(decoder, `tls: ${written}`)).toEqual({ value: { tls: undefined }, problems: [] })
  })

  test('is off with a warning for any other scalar, as in Traefik', () => {
    expect(decodeText(decoder, 'tls: yes')).toEqual({
      value: { tls: undefined },
      problems: ['file:1:6: tls: warning: "yes" leaves this switched off (expected a map, true or false)'],
    })
  })

  test('refuses a list', () => {
    expect(decodeText(decoder, 'tls: [a]').problems).toEqual(['file:1:6: tls: is a list (expected a map or true)'])
  })

  test('refuses a false where it can not be left out', () => {
    const required = object({ tls: allowEmpty(object({})) })
    expect(decodeText(required, 'tls: false').problems).toEqual([
      'file:1:1: tls: is required (expected a map, true or false)',
    ])
  })
})

describe('A list', () => {
  test.each<[string, Decoder<unknown>, string, unknown]>([
    ['splits a scalar at commas and trims', list(text), '"a, b ,c"', ['a', 'b', 'c']],
    ['never splits the items of a real list', list(text), '["a, b", c]', ['a, b', 'c']],
    ['of numbers takes one number', list(integer()), '5', [5]],
    ['takes an empty scalar as nothing', list(text), '""', []],
    ['may be empty', list(text), '[]', []],
    ['keeps maps', list(object({ a: text })), '[{a: x}, {a: y}]', [{ a: 'x' }, { a: 'y' }]],
  ])('%s', (_, decoder, written, value) => {
    expect(decodeText(decoder, written)).toEqual({ value, problems: [] })
  })

  test('tells of every bad item by its number', () => {
    expect(decodeText(list(integer()), '- 1\n- x\n- y').problems).toEqual([
      'file:2:3: [1]: is not a whole number: "x" (expected a whole number)',
      'file:3:3: [2]: is not a whole number: "y" (expected a whole number)',
    ])
  })

  test('of maps does not split a scalar', () => {
    expect(decodeText(list(object({ a: text })), 'x,y').problems).toEqual([
      'file:1:1: is "x,y" (expected a list, each item a map)',
    ])
  })

  test('is not made from a map', () => {
    expect(decodeText(list(text), 'a: b').problems).toEqual([
      'file:1:1: is a map (expected a list, each item a string)',
    ])
  })
})

describe('A map', () => {
  test('keeps the case of its names and quotes odd ones in paths', () => {
    expect(decodeText(map(integer()), 'Web: 1\na.b: 2').value).toEqual(
      new Map([
        ['Web', 1],
        ['a.b', 2],
      ]),
    )
    expect(decodeText(map(integer()), 'a.b: x').problems[0]).toStartWith('file:1:6: "a.b": is not')
  })

  test('is spoilt by one bad entry', () => {
    expect(decodeText(map(integer()), 'a: 1\nb: x').value).toBeUndefined()
  })

  test('refuses to be empty', () => {
    expect(decodeText(map(integer()), '{}').problems).toEqual([
      'file:1:1: is empty, which sets nothing (give it a key, or leave it out)',
    ])
  })
})

describe('An isolated map', () => {
  test('keeps the good entries and tells of the bad ones, by name and all together', () => {
    const { value, problems } = decodeText(isolatedMap(server), 'a: {url: x}\nb: {ulr: x}\nc: 5\n')
    expect([...(value?.good.keys() ?? [])]).toEqual(['a'])
    expect([...(value?.bad.keys() ?? [])]).toEqual(['b', 'c'])
    expect(value?.bad.get('b')?.map(({ path }) => path)).toEqual(['b.url', 'b.ulr'])
    expect(problems).toEqual([
      'file:2:4: b.url: is required (expected a string)',
      'file:2:5: b.ulr: unknown key (expected url, weight, name, limits; did you mean "url"?)',
      'file:3:4: c: is "5" (expected a map)',
    ])
  })
})

describe('A key that is not for use', () => {
  const decoder = object({
    plain: optional(text),
    later: notYet(allowEmpty(object({}))),
    useless: dead(boolean),
    gone: removed('use plain'),
    old: deprecated(optional(text), 'use plain'),
  })

  test.each([
    ['not supported yet', 'later:\n  x: 1', 'file:1:1: later: not supported yet'],
    ['dead', 'useless: true', 'file:1:1: useless: warning: has no effect'],
    ['removed', 'gone: 1', 'file:1:1: gone: was removed from Traefik (use plain)'],
    ['deprecated', 'old: a', 'file:1:6: old: warning: is deprecated (use plain)'],
    ['dead and wrong besides', 'useless: x', 'file:1:1: useless: is not a boolean: "x" (expected true or false)'],
  ])('because it is %s is told at the key', (_, written, problem) => {
    expect(decodeText(decoder, written).problems).toEqual([problem])
  })

  test('is no problem when it is switched off', () => {
    expect(decodeText(decoder, 'later: false').problems).toEqual([])
  })

  test('is not offered as an alternative, but may be what was meant', () => {
    expect(decodeText(decoder, 'latr: 1').problems).toEqual([
      'file:1:1: latr: unknown key (expected plain, useless, old; did you mean "later"?)',
    ])
  })

  test('has no value', () => {
    expect(decodeText(decoder, 'useless: true\nold: a').value).toEqual({ plain: undefined, old: 'a' })
  })
})

describe('A changed decoder', () => {
  test('maps the value and its default', () => {
    const decoder = object({ a: mapped(withDefault(integer(), 1), (value) => value * 2) })
    expect(decodeText(decoder, 'a: 4').value).toEqual({ a: 8 })
    expect(decodeText(decoder, 'a: ~').problems).toEqual([
      'file:1:1: is empty, which sets nothing (give it a key, or leave it out)',
    ])
    expect(
      decodeText(object({ b: optional(text), ...{ a: mapped(withDefault(integer(), 1), String) } }), 'b: x').value,
    ).toEqual({
      a: '1',
      b: 'x',
    })
  })

  test('may fail with a message of its own', () => {
    const decoder = parsed(text, (value) =>
      value === 'a' ? { ok: true, value: 1 } : { ok: false, message: 'is not the letter a' },
    )
    expect(decodeText(decoder, 'a').value).toBe(1)
    expect(decodeText(decoder, 'b').problems).toEqual(['file:1:1: is not the letter a'])
  })

  test('may take anything, as it stands', () => {
    expect(decodeText(anything, '[1]').value).toMatchObject({ kind: 'list' })
  })
})

describe('A description', () => {
  test('has keys, types, defaults and what is not for use', () => {
    const decoder = object({
      address: text,
      idle: withDefault(timeout, 1000),
      tls: optional(allowEmpty(object({ names: optional(list(text)) }))),
      later: notYet(),
      useless: dead(),
      gone: removed('x'),
    })
    const description = decoder.describe()
    const fields = description.kind === 'object' ? description.fields : []
    expect(fields.map(({ key, status, required }) => [key, status, required])).toEqual([
      ['address', 'supported', true],
      ['idle', 'supported', false],
      ['tls', 'supported', false],
      ['later', 'notYet', false],
      ['useless', 'dead', false],
      ['gone', 'removed', false],
    ])
    expect(fields[1]).toMatchObject({ default: 1000, expects: timeout.expects })
    expect(fields[2]?.description).toMatchObject({
      kind: 'object',
      allowEmpty: true,
      fields: [{ key: 'names', description: { kind: 'list', items: { kind: 'scalar' } } }],
    })
  })
})
