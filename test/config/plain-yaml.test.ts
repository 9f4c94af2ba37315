import { describe, expect, test } from 'bun:test'
import { readPlainYaml } from '../../src/config/plain-yaml.ts'
import { atOnce } from '../../src/config/steps.ts'
import { parseYaml } from '../../src/config/yaml-document.ts'
import { randomNumbers } from '../route/rules.ts'
import { plain } from './plain.ts'
import { randomYaml } from './random-yaml.ts'

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
    ['carriage returns', 'a: x\r\nb:\r\n  - y # c\r\n\r\n  - z\r\n', { a: 'x', b: ['y', 'z'] }],
    ['letters of every kind', '# 中😀\na: é 中 😀 # –\nb: "😀"\n', { a: 'é 中 😀', b: '😀' }],
    ['keys without a value', 'a:\nb: ~ # c\nc: null\nd:\n  e:\nf: { g: null, h: x }\n', { d: {}, f: { h: 'x' } }],
    ['tagged texts', 'a: !!str 1\nb: [!!str true, !!str "x"]\n', { a: '1', b: ['true', 'x'] }],
    [
      'anchors',
      'a: &x y\nb: *x\nc: &l\n  - &x z\nd: [*x, *l, &m {}, *m]\n',
      { a: 'y', b: 'y', c: ['z'], d: ['z', ['z'], {}, {}] },
    ],
    [
      'merges',
      'a: &a { k: 1, l: 1 }\nb: &b\n  l: 2\n  m: 2\nc:\n  <<: [*a, *b]\n  m: 3\n  k:\nd: { <<: *b, <<: { n: 4 }, "<<": x }\n',
      { a: { k: 1n, l: 1n }, b: { l: 2n, m: 2n }, c: { m: 3n, l: 1n }, d: { '<<': 'x', l: 2n, m: 2n, n: 4n } },
    ],
    [
      'literal blocks',
      'a: |\n  x\n    y\n\n  z\n\nb:\n  - |- # c\n    x:\n    # y\n  # c\n  - z\n',
      { a: 'x\n  y\n\nz\n', b: ['x:\n# y', 'z'] },
    ],
    ['folded blocks', 'a: >\n\n  x\n  y\n\n\n  z\nb: >-\n    x &&\n    y', { a: '\nx y\n\nz\n', b: 'x && y' }],
    [
      'quotes over lines',
      `a: "x\n  y \n\n  \\n\\"z\n  "\nb: ' x\n\n\n  it''s'\nc: z\n`,
      { a: 'x y\n\n"z ', b: " x\n\nit's", c: 'z' },
    ],
    [
      'plain texts over lines',
      'a: Host(x) &&\n  Path(y)\n\n  || z # c\nb: c\n',
      { a: 'Host(x) && Path(y)\n|| z', b: 'c' },
    ],
    ['brackets over lines', 'a: [x, # c\n  # d\n  y,\n]\nb: {\n  c: [\n  ] }\n', { a: ['x', 'y'], b: { c: [] } }],
  ])('reads %s', (_, text, value) => {
    const node = readPlain(text)
    expect(node === undefined ? undefined : plain(node)).toEqual(value)
    expect(node).toEqual(parseYaml('d.yaml', text).node)
  })

  test.each([
    ['nothing', ''],
    ['an anchor without a value', 'a: &x\nb: y\n'],
    ['an anchor of a key', 'a:\n  - &x b: c\n'],
    ['an alias of nothing', 'a: *x\n'],
    ['an alias within its own anchor', 'a: &x [*x]\n'],
    ['an alias that is a key', 'a: &x b\n*x : c\n'],
    ['a merge of what is no map', 'a: &x y\n<<: *x\n'],
    ['an empty item', '- x\n-\n- y\n'],
    ['null in a list', 'a: [x, ~]\n'],
    ['a tag that makes something else of its value', 'a: !!int "1"\n'],
    ['another tag', 'a: !mine x\n'],
    ['a block that keeps its end', 'a: |+\n  x\n\n'],
    ['a block with a number', 'a: |2\n   x\n'],
    ['a folded block with lines further in', 'a: >\n  x\n    y\n'],
    ['an empty block', 'a: |\nb: x\n'],
    ['a quoted text that is not indented', 'a:\n  b: "x\n  y"\n'],
    ['a key in a text over lines', 'a: x\n  y: z\n'],
    ['a colon at the end of a text over lines', 'a: x\n  y:\n'],
    ['brackets that are not indented', 'a:\n  b: [x,\n  y]\n'],
    ['a duplicate key', 'a: x\na: y\n'],
    ['a duplicate key without a value', 'a:\na: y\n'],
    ['a second document', 'a: x\n---\nb: y\n'],
    ['an odd number', 'a: 0x1F\n'],
    ['a tab', 'a:\tx\n'],
    ['a lone carriage return', 'a: x\rb: y\n'],
    ['a wrong indentation', 'a:\n    b: x\n  c: y\n'],
    ['a map on the line of its key', 'a: b: c\n'],
    ['a bracket that is not closed', 'a: [x\n'],
    ['text behind a bracket', '{"a": 1} x\n'],
    ['two commas', 'a: [x,, y]\n'],
    ['a lone scalar', 'x\n'],
    ['a quote that is not closed', `a: "${'x\n  '.repeat(20_000)}`],
  ])('leaves %s to the complete parser', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  test('agrees with the complete parser, places included, on every random text that it reads', () => {
    const random = randomNumbers(5)
    let read = 0
    for (let round = 0; round < 8000; round++) {
      const text = randomYaml(random)
      const node = readPlain(text)
      if (node === undefined) continue
      read += 1
      const complete = parseYaml('d.yaml', text)
      if (!Bun.deepEquals(complete, { node, problems: [] }, true)) throw new Error(`they differ:\n${text}`)
    }
    expect(read).toBeGreaterThan(800)
  })

  test('leaves aliases that make a document too large to the complete parser', () => {
    const lines = Array.from({ length: 20 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`)
    expect(readPlain(`a0: &a0 x\n${lines.slice(0, 17).join('')}`)).toBeDefined()
    expect(readPlain(`a0: &a0 x\n${lines.join('')}`)).toBeUndefined()
  })
})
