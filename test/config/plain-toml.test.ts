import { describe, expect, test } from 'bun:test'
import { readPlainToml } from '../../src/config/plain-toml.ts'
import { atOnce } from '../../src/config/steps.ts'
import { parseToml } from '../../src/config/toml-document.ts'
import { randomNumbers } from '../route/rules.ts'
import { plain } from './plain.ts'
import { randomToml } from './random-toml.ts'

function readPlain(text: string) {
  return atOnce(readPlainToml('d.toml', text))
}

describe('readPlainToml', () => {
  test.each([
    [
      'tables',
      'z = 1\n[a]\nb = "x"\n[a.c.d]\ne = "y"\n[a.c]\nf = 2\n',
      { z: 1n, a: { b: 'x', c: { d: { e: 'y' }, f: 2n } } },
    ],
    ['arrays of tables', '[[a.b]]\nc = 1\n[a.b.d]\n[[a.b]]\nc = 2', { a: { b: [{ c: 1n, d: {} }, { c: 2n }] } }],
    ['quoted keys', '["a.b".\'c\']\n"d e" = 1\n', { 'a.b': { c: { 'd e': 1n } } }],
    [
      'values on one line',
      'a = [1, [2, "x"], {b = true}]\nc = { d = "y", e = [] }',
      { a: [1n, [2n, 'x'], { b: true }], c: { d: 'y', e: [] } },
    ],
    ['strings', `a = "q\\"\\\\\\u00e9"\nb = 'c\\d'\n`, { a: 'q"\\é', b: 'c\\d' }],
    ['numbers', 'a = -7\nb = +1.50\nc = 0\n', { a: -7n, b: 1.5, c: 0n }],
    [
      'dotted keys',
      'a.b = 1\na."c.d".e = 2\n[f]\na . b = { c.d = 3, c.e = 4 }\n',
      { a: { b: 1n, 'c.d': { e: 2n } }, f: { a: { b: { c: { d: 3n, e: 4n } } } } },
    ],
    ['arrays over lines', 'a = [ # c\n  1,\n\n  [\n  ], # d\n]\nb = { c = [\n2] }\n', { a: [1n, []], b: { c: [2n] } }],
    ['texts over lines', 'a = """\nx "y"\n  \\"z\\n\\\n   v\\\\\n"""\nb = "c"\n', { a: 'x "y"\n  "z\nv\\\n', b: 'c' }],
    ['literal texts over lines', "a = '''\n\nx''\\\n'''\n[b]\nc = ''''''\n", { a: "\nx''\\\n", b: { c: '' } }],
    ['carriage returns', 'a = 1\r\n\r\n[b] # c\r\nc = [\r\n  "x",\r\n]\r\n', { a: 1n, b: { c: ['x'] } }],
    ['comments', '# one\n[a] # two\n\n  b = 1 # three\n', { a: { b: 1n } }],
  ])('reads %s', (_, text, value) => {
    const node = readPlain(text)
    expect(node === undefined ? undefined : plain(node)).toEqual(value)
    expect(node).toEqual(parseToml('d.toml', text).node)
  })

  test.each([
    ['nothing', '\n# c\n'],
    ['a date', 'a = 2024-01-01'],
    ['another notation of numbers', 'a = 0x1F'],
    ['an exponent', 'a = 1e3'],
    ['digits in groups', 'a = 1_000'],
    ['an escape of half a character', 'a = "\\ud83d"'],
    ['a duplicate key', 'a = 1\na = 2'],
    ['a table that is named twice', '[a]\n[a]'],
    ['a table that is a value', 'a = 1\n[a]'],
    ['a table within an inline table', 'a = {}\n[a.b]'],
    ['an array of tables that is an array', 'a = []\n[[a]]'],
    ['a table that is an array of tables', '[[a]]\n[a]'],
    ['a lone carriage return', 'a = 1\rb = 2'],
    ['a carriage return in a text', 'a = """x\r\n"""'],
    ['an unknown escape', 'a = "\\N"'],
    ['a key that is a text over lines', '"""a""" = 1'],
    ['a header of what a dotted key made', 'a.b = 1\n[a.c]'],
    ['a dotted key into what a header made', '[a.b]\n[a]\nb.c = 1'],
    ['a dotted key into a value', 'a = { b = 1 }\na.c = 2'],
    ['a comma at the end of an inline table', 'a = { b = 1, }'],
    ['an inline table over lines', 'a = {\nb = 1 }'],
    ['two commas', 'a = [1,,]'],
    ['a quote that is not closed', `a = "${'x'.repeat(20_000)}`],
    ['two values on one line', 'a = 1 b = 2'],
    ['a leading zero', 'a = 01'],
    ['a header that is not closed', '[a'],
  ])('leaves %s to the complete parser', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  test('agrees with the complete parser, places included, on every random text that it reads', () => {
    const random = randomNumbers(3)
    let read = 0
    for (let round = 0; round < 5000; round++) {
      const text = randomToml(random)
      const node = readPlain(text)
      if (node === undefined) continue
      read += 1
      const complete = parseToml('d.toml', text)
      if (!Bun.deepEquals(complete, { node, problems: [] }, true)) throw new Error(`they differ:\n${text}`)
    }
    expect(read).toBeGreaterThan(1000)
  })
})
