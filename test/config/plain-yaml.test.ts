import { describe, expect, test } from 'bun:test'
import { readPlainYaml } from '../../src/config/plain-yaml.ts'
import { atOnce } from '../../src/config/steps.ts'
import { parseYaml } from '../../src/config/yaml-document.ts'
import { randomNumbers } from '../route/rules.ts'
import { plain } from './plain.ts'

function readPlain(text: string) {
  return atOnce(readPlainYaml('d.yaml', text))
}

describe('readPlainYaml', () => {
  test.each([
    ['block maps', 'a:\n  b: x\n  c:\n    d: y\n', { a: { b: 'x', c: { d: 'y' } } }],
    ['block lists', 'a:\n  - x\n  - y\nb:\n- z\n', { a: ['x', 'y'], b: ['z'] }],
    ['maps in lists', '- a: x\n  b: y\n-   c: z\n-\n  d: w\n', [{ a: 'x', b: 'y' }, { c: 'z' }, { d: 'w' }]],
    ['lists in lists', '- - x\n  - y\n- - z\n', [['x', 'y'], ['z']]],
    ['brackets', 'a: [x, [y], {}]\nb: { c: x y, "d": z }\n', { a: ['x', ['y'], {}], b: { c: 'x y', d: 'z' } }],
    ['JSON', '{"a":{"b":[1,true,"x\\"\\u0041"]},\n "c": []\n}\n', { a: { b: [1n, true, 'x"A'] }, c: [] }],
    ['quotes', `a: 'it''s'\n"b c": "x # y: z"\n`, { a: "it's", 'b c': 'x # y: z' }],
    ['comments', '# one\na: x # two\n\n  # three\nb: y#z\n', { a: 'x', b: 'y#z' }],
    [
      'rules',
      'rule: Host(`a.test`) && (Path(`/x`) || !Method("GET"))',
      {
        rule: 'Host(`a.test`) && (Path(`/x`) || !Method("GET"))',
      },
    ],
    ['URLs', '- http://10.0.0.1:80/\n', ['http://10.0.0.1:80/']],
    ['numbers', 'a: 007\nb: 1.10\nc: -3\nd: 10s\ne: 10.0.0.1\n', { a: 7n, b: 1.1, c: -3n, d: '10s', e: '10.0.0.1' }],
    ['booleans', 'a: True\nb: false\nc: yes\n', { a: true, b: false, c: 'yes' }],
    ['a mark at the beginning', '---\na: x\n', { a: 'x' }],
  ])('reads %s', (_, text, value) => {
    const node = readPlain(text)
    expect(node === undefined ? undefined : plain(node)).toEqual(value)
    expect(node).toEqual(parseYaml('d.yaml', text).node)
  })

  test.each([
    ['nothing', ''],
    ['an anchor', 'a: &x y\nb: *x\n'],
    ['a merge', 'a: { b: c }\n<<: { d: e }\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a block scalar', 'a: |\n  x\n'],
    ['a scalar over several lines', 'a: x\n  y\n'],
    ['a quoted scalar over several lines', 'a: "x\n  y"\n'],
    ['brackets over several lines', 'a: [x,\n  y]\n'],
    ['null', 'a:\nb: x\n'],
    ['null by name', 'a: ~\nb: null\n'],
    ['a duplicate key', 'a: x\na: y\n'],
    ['a second document', 'a: x\n---\nb: y\n'],
    ['an odd number', 'a: 0x1F\n'],
    ['a tab', 'a:\tx\n'],
    ['a carriage return', 'a: x\r\nb: y\r\n'],
    ['a wrong indentation', 'a:\n    b: x\n  c: y\n'],
    ['a map on the line of its key', 'a: b: c\n'],
    ['a bracket that is not closed', 'a: [x\n'],
    ['text behind a bracket', '{"a": 1} x\n'],
    ['a comma at the end', 'a: [x, ]\n'],
    ['a lone scalar', 'x\n'],
  ])('leaves %s to the complete parser', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  test('agrees with the complete parser, places included, on every random text that it reads', () => {
    const random = randomNumbers(5)
    let read = 0
    for (let round = 0; round < 12_000; round++) {
      const text = randomText(random)
      const node = readPlain(text)
      if (node === undefined) continue
      read += 1
      const complete = parseYaml('d.yaml', text)
      if (!Bun.deepEquals(complete, { node, problems: [] }, true)) throw new Error(`they differ:\n${text}`)
    }
    expect(read).toBeGreaterThan(400)
  })
})

type Random = (below: number) => number

const scalars = [
  ...[
    'x',
    'x y',
    '1',
    '-1',
    '1.5',
    '1.',
    '.5',
    '1e3',
    'true',
    'null',
    'nullx',
    '10s',
    '- x',
    '-x',
    'x:',
    'x: y',
    'x :y',
    'a#b',
  ],
  ...[
    'x # y',
    '"q"',
    '"q\\n"',
    "'it''s'",
    "'",
    '"q" z',
    'http://a:1/b',
    'Host(`a`) && X("b")',
    '^/x\\.y$',
    '--',
    '---',
    '...',
  ],
  ...[
    'a, b',
    'x]',
    'é',
    '~',
    '*a',
    '&a',
    '!t',
    '|',
    '>',
    '%',
    '@',
    '`',
    '?',
    '? x',
    ':',
    ':x',
    '=',
    '"a": b',
    '[',
    '{',
  ],
]
const brackets = [
  '[]',
  '{}',
  '[x, y]',
  '[x,y]',
  '{ a: x }',
  '{a: x, "b":y}',
  '[[x], {c: 1}]',
  '[ x ]',
  '{"a": [1, 2]}',
  '[x,]',
  '{a}',
]
const keys = ['a', 'b', 'c', 'long-key', '"q"', "'s'", 'a.b/c@d', '1', 'true', 'null', '-a', 'a b', '<<', '? a']
const ends = ['', '', '', ' ', ' # c', '#c', '  # é', '\r']

function oneOf(random: Random, values: readonly string[]): string {
  return values[random(values.length)]!
}

function randomValue(random: Random): string {
  return random(4) === 0 ? oneOf(random, brackets) : oneOf(random, random(2) === 0 ? scalars.slice(0, 8) : scalars)
}

/** Lines that are mostly good YAML: half of the texts would be too dull, and all of them wrong, otherwise. */
function randomText(random: Random): string {
  const lines: string[] = random(10) === 0 ? ['---'] : []
  let indent = 0
  for (let count = 1 + random(7); count > 0; count--) {
    if (random(12) === 0) lines.push(oneOf(random, ['', '  ', '# c', '    # c', '\t', '---', '...', '{}', ']']))
    const dash = random(4) === 0 ? oneOf(random, ['- ', '- ', '-', '-  ', '- - ']) : ''
    const key = random(6) === 0 ? '' : `${random(3) > 0 ? keys[count % 4] : oneOf(random, keys)}:`
    const opens = random(3) === 0
    const value = opens ? '' : key === '' ? randomValue(random) : ` ${randomValue(random)}`
    lines.push(' '.repeat(indent) + dash + key + value + oneOf(random, ends))
    if (opens) indent += random(5) === 0 ? 0 : 2
    else if (random(4) === 0) indent = Math.max(0, indent - random(3))
  }
  return lines.join('\n') + oneOf(random, ['\n', '', '\n\n'])
}
