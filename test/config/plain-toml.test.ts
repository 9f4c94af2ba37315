import { describe, expect, test } from 'bun:test'
import { readPlainToml } from '../../src/config/plain-toml.ts'
import { atOnce } from '../../src/config/steps.ts'
import { parseToml } from '../../src/config/toml-document.ts'
import { randomNumbers } from '../route/rules.ts'
import { plain } from './plain.ts'

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
    ['comments', '# one\n[a] # two\n\n  b = 1 # three\n', { a: { b: 1n } }],
  ])('reads %s', (_, text, value) => {
    const node = readPlain(text)
    expect(node === undefined ? undefined : plain(node)).toEqual(value)
    expect(node).toEqual(parseToml('d.toml', text).node)
  })

  test.each([
    ['nothing', '\n# c\n'],
    ['a dotted key', 'a.b = 1'],
    ['a date', 'a = 2024-01-01'],
    ['another notation of numbers', 'a = 0x1F'],
    ['an exponent', 'a = 1e3'],
    ['digits in groups', 'a = 1_000'],
    ['a text over several lines', 'a = """x"""'],
    ['an array over several lines', 'a = [\n1]'],
    ['an escape of half a character', 'a = "\\ud83d"'],
    ['a duplicate key', 'a = 1\na = 2'],
    ['a table that is named twice', '[a]\n[a]'],
    ['a table that is a value', 'a = 1\n[a]'],
    ['a table within an inline table', 'a = {}\n[a.b]'],
    ['an array of tables that is an array', 'a = []\n[[a]]'],
    ['a table that is an array of tables', '[[a]]\n[a]'],
    ['a carriage return', 'a = 1\r\n'],
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
      const text = randomText(random)
      const node = readPlain(text)
      if (node === undefined) continue
      read += 1
      const complete = parseToml('d.toml', text)
      if (!Bun.deepEquals(complete, { node, problems: [] }, true)) throw new Error(`they differ:\n${text}`)
    }
    expect(read).toBeGreaterThan(400)
  })
})

type Random = (below: number) => number

const keys = ['a', 'b', 'c', 'a', 'b', 'd-e', '"f"', "'g h'", '1', 'a.b', '""', '"a\\u0062"']
const values = [
  ...['1', '-1', '+0', '-0', '1.5', '-0.0', '01', '1.', '1e5', 'inf', 'true', 'false', 'truely', '2024-01-01', '1_0'],
  ...[
    '"x"',
    "'y'",
    '"a\\nb"',
    '"a\\/b"',
    '"\\u00e9"',
    '"""x"""',
    "''",
    '""',
    '"é"',
    '"x" y',
    '"x',
    '[]',
    '[1, 2]',
    '[ "x" ]',
  ],
  ...[
    '[1,]',
    '[\n1]',
    '{}',
    '{ a = 1 }',
    '{ a = 1, b = [2] }',
    '{a=1,a=2}',
    '{ a.b = 1 }',
    '{ a = 1, }',
    '[[1], [{a = 1}]]',
    '',
  ],
]
const ends = ['', '', '', ' ', '\t', ' # c', '#c', '\r', ' x']

function oneOf(random: Random, from: readonly string[]): string {
  return from[random(from.length)]!
}

function randomText(random: Random): string {
  const lines: string[] = []
  for (let count = random(8); count > 0; count--) {
    const kind = random(8)
    const path = Array.from({ length: 1 + random(3) }, () => oneOf(random, random(3) > 0 ? keys.slice(0, 5) : keys))
    const end = oneOf(random, random(3) > 0 ? [''] : ends)
    if (kind === 0) lines.push(oneOf(random, ['', '  ', '# c', '\t# é', 'x', ']', '[]', '[ a ]']))
    else if (kind < 3) lines.push(`[${path.join('.')}]${end}`)
    else if (kind === 3) lines.push(`[[${path.join('.')}]]${end}`)
    else
      lines.push(
        `${' '.repeat(random(3))}${path[0]} = ${oneOf(random, random(3) > 0 ? values.slice(0, 6) : values)}${end}`,
      )
  }
  return lines.join('\n') + oneOf(random, ['\n', '', '\n\n'])
}
