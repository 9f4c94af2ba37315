import { describe, expect, test } from 'bun:test'
import { exactlyOne } from '../../src/config/kind.ts'
import { allowEmpty, list, object, text, withDefault } from '../../src/config/schema.ts'
import { decodeText } from './decode-text.ts'

const registry = [
  { name: 'addPrefix', options: object({ prefix: text }) },
  { name: 'stripPrefix', options: object({ prefixes: list(text) }) },
  { name: 'compress', options: allowEmpty(object({ encoding: withDefault(text, 'gzip') })) },
]
const middleware = exactlyOne({ noun: 'middleware', registry, notYet: ['rateLimit'] })

describe('An element of exactly one kind', () => {
  test.each([
    ['stripPrefix: {prefixes: [/a]}', 'stripPrefix', { prefixes: ['/a'] }],
    ['stripprefix: {prefixes: /a}', 'stripPrefix', { prefixes: ['/a'] }],
    ['compress: {}', 'compress', { encoding: 'gzip' }],
    ['{compress: false, addPrefix: {prefix: /x}}', 'addPrefix', { prefix: '/x' }],
  ])('decodes %s', (written, name, options) => {
    const { value, problems } = decodeText(middleware, written)
    expect(problems).toEqual([])
    expect(value?.definition.name).toBe(name)
    expect(value?.options).toEqual(options)
  })

  test.each([
    [
      'more than one kind',
      'addPrefix: {prefix: /x}\ncompress: {}',
      'file:2:1: has more than one kind: "addPrefix" and "compress" (expected exactly one; make each a middleware)',
    ],
    [
      'an unknown kind',
      'stripPrefxi: {}',
      'file:1:1: stripPrefxi: unknown kind of middleware (expected addPrefix, stripPrefix, compress; did you mean "stripPrefix"?)',
    ],
    ['a kind of Traefik', 'RateLimit: {}', 'file:1:1: RateLimit: not supported yet'],
    [
      'no kind',
      '{}',
      'file:1:1: has no kind (expected one of addPrefix, stripPrefix, compress; one without options is written name: {})',
    ],
    [
      'a kind switched off',
      'compress: false',
      'file:1:1: has no kind (expected one of addPrefix, stripPrefix, compress; one without options is written name: {})',
    ],
    ['a scalar', 'compress', 'file:1:1: is "compress" (expected a map with one key, the kind of middleware)'],
    [
      'bad options',
      'addPrefix: {prefx: a, prefix: b}',
      'file:1:13: addPrefix.prefx: unknown key (expected prefix; did you mean "prefix"?)',
    ],
  ])('refuses %s', (_, written, problem) => {
    expect(decodeText(middleware, written)).toEqual({ value: undefined, problems: [problem] })
  })

  test('may have keys beside its kind', () => {
    const beside = object({ middlewares: withDefault(list(text), []) })
    const service = exactlyOne({ noun: 'service', registry, beside })
    expect(decodeText(service, 'compress: {}\nmiddlewares: a,b').value?.beside).toEqual({ middlewares: ['a', 'b'] })
    expect(decodeText(service, 'compress: {}').value?.beside).toEqual({ middlewares: [] })
    expect(decodeText(service, 'middleware: a').problems[0]).toEndWith('; did you mean "middlewares"?)')
  })

  test('is described by its kinds', () => {
    const description = middleware.describe()
    expect(description).toMatchObject({
      kind: 'oneKind',
      kinds: [
        { key: 'addPrefix' },
        { key: 'stripPrefix' },
        { key: 'compress' },
        { key: 'rateLimit', status: 'notYet' },
      ],
    })
  })
})
