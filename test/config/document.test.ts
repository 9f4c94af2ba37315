import { describe, expect, test } from 'bun:test'
import { type DocumentFormat, documentFormat, parseDocument } from '../../src/config/document.ts'
import type { ConfigNode } from '../../src/config/node.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { plain, type Plain, positions } from './plain.ts'

function parse(text: string, format: DocumentFormat = 'yaml'): ConfigNode {
  const { node, problems } = parseDocument({ file: 'file', text, format })
  expect(problems.map(formatProblem)).toEqual([])
  if (node === undefined) throw new Error('a document without problems has a node')
  return node
}

function problemsOf(text: string, format: DocumentFormat = 'yaml'): string[] {
  return parseDocument({ file: 'file', text, format }).problems.map(formatProblem)
}

describe('A YAML document', () => {
  test.each<[string, string, Plain]>([
    [
      'scalars by the core schema',
      'a: 1\nb: 0.5\nc: true\nd: yes\ne: on\nf: x',
      { a: 1n, b: 0.5, c: true, d: 'yes', e: 'on', f: 'x' },
    ],
    ['the largest integers exactly', 'a: 9223372036854775806', { a: 9223372036854775806n }],
    ['null as absence', 'a:\nb: ~\nc: null\nd: x', { d: 'x' }],
    ['an anchor and its aliases', 'a: &x [1]\nb: *x\nc: *x', { a: [1n], b: [1n], c: [1n] }],
    ['a merge key', 'a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3', { a: { p: 1n, q: 2n }, b: { p: 1n, q: 3n } }],
    ['a list of merged maps, the first winning', 'b:\n  <<: [{p: 1}, {p: 2, q: 2}]', { b: { p: 1n, q: 2n } }],
    ['a quoted << as a plain key', '"<<": 1', { '<<': 1n }],
    ['an anchor on a key', '&k a: 1\nb: *k', { a: 1n, b: 'a' }],
    ['an anchor given anew', 'a: &x 1\nb: *x\nc: &x 2\nd: *x', { a: 1n, b: 1n, c: 2n, d: 2n }],
    ['numbers as keys', '404: a\n500-599: b', { 404: 'a', '500-599': 'b' }],
    ['nothing', '', {}],
    ['comments alone', '# nothing\n', {}],
    ['a byte-order mark', '\uFEFFa: 1', { a: 1n }],
    ['an end marker and an empty document after it', 'a: 1\n---\n', { a: 1n }],
    ['block text', 'a: |\n  one\n  two\n', { a: 'one\ntwo\n' }],
  ])('has %s', (_, text, expected) => {
    expect(plain(parse(text))).toEqual(expected)
  })

  test.each([
    ['1.10', '1.10'],
    ['007', '007'],
    ['0x1F', '31'],
    ['0o17', '15'],
    ['1e3', '1000'],
    ['True', 'true'],
    ['"True"', 'True'],
  ])('keeps %s as the text %s', (written, text) => {
    expect(parse(written)).toMatchObject({ kind: 'scalar', text })
  })

  test('knows where everything stands', () => {
    const text = 'a:\n  b: 1\n  "c": [x,\n    {y: z}]\nd: &n !!str 5\ne: *n\n'
    expect(positions(parse(text))).toEqual(['a.b 2:6', 'a.c[0] 3:9', 'a.c[1].y 4:9', 'd 5:13', 'e 5:13'])
  })

  test('knows where keys stand', () => {
    const node = parse('a: 1\n  \n"b c": 2')
    const places = node.kind === 'map' ? [...node.entries.values()].map(({ keySource }) => keySource) : []
    expect(places).toMatchObject([
      { line: 1, column: 1 },
      { line: 3, column: 1 },
    ])
  })

  test.each([
    ['a tab', 'a: 1\n\tb: 2', 'file:2:1: tabs are not allowed as indentation'],
    ['a duplicate key', 'a: 1\nb: 2\na: 3', 'file:3:1: duplicate key "a" (first given on line 1)'],
    ['a duplicate of a null', 'a:\na: 3', 'file:2:1: duplicate key "a" (first given on line 1)'],
    ['an unknown anchor', 'a: *x', 'file:1:4: unknown anchor "x" (an anchor must stand before its alias)'],
    ['an alias of itself', 'a: &x [*x]', 'file:1:8: alias "x" stands within its own anchor'],
    ['an open quote', "a: 'x", "file:1:6: missing closing 'quote"],
    [
      'a nested mapping on one line',
      'a: b: c',
      'file:1:4: nested mappings are not allowed in compact mappings (is a line indented too far, or does a value with ": " in it lack quotes?)',
    ],
    [
      'a key without a colon',
      'a: b\nfoo',
      'file:2:1: implicit map keys need to be followed by map values (is there a colon and a space after the key?)',
    ],
    ['a reserved character', 'a: @x', 'file:1:4: plain value cannot start with reserved character @'],
    ['a second document', 'a: 1\n---\nb: 2', 'file:3:1: begins a second document (expected one document in a file)'],
    ['an unknown tag', 'a: !foo 1', 'file:1:4: unresolved tag: !foo'],
    ['a key that is a list', '? [1]\n: 2', 'file:1:3: is not a key (expected text)'],
    ['an empty item', 'a:\n  - x\n  -\n', 'file:3:4: has an empty item (expected a value)'],
    ['a merge of a scalar', 'a:\n  <<: x', 'file:2:7: can not be merged with << (expected a map or a list of maps)'],
  ])('is refused for %s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('tells the syntax errors of all its lines', () => {
    expect(problemsOf('a: @x\nb: `y\nc: 1')).toEqual([
      'file:1:4: plain value cannot start with reserved character @',
      'file:2:4: plain value cannot start with reserved character `',
    ])
  })

  test('has a node in spite of a duplicate key, so that more can be told', () => {
    expect(parseDocument({ file: 'file', text: 'a: 1\na: 2', format: 'yaml' }).node).toBeDefined()
  })

  test('does not explode into what its aliases stand for', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`)
    const [problem, ...others] = problemsOf(['l0: &l0 x', ...levels].join('\n'))
    expect(problem).toContain('aliases make this too large')
    expect(others).toEqual([])
  })

  test('may use one alias often', () => {
    const users = Array.from({ length: 2000 }, (_, index) => `u${index}: *shared`)
    const node = parse(['s: &shared {a: 1, b: [x, y]}', ...users].join('\n'))
    expect(node.kind === 'map' && node.entries.size).toBe(2001)
  })

  test('may be nested absurdly without harm', () => {
    expect(problemsOf('['.repeat(30_000)).at(0)).toEndWith('is nested too deeply')
  })
})

describe('A TOML document', () => {
  test.each<[string, string, Plain]>([
    [
      'scalars',
      'a = 1\nb = 0.5\nc = true\nd = "x"\ne = 1979-05-27',
      { a: 1n, b: 0.5, c: true, d: 'x', e: '1979-05-27' },
    ],
    ['large integers exactly', 'a = 9223372036854775806', { a: 9223372036854775806n }],
    [
      'tables, dotted keys and inline tables',
      '[a.b]\nc.d = 1\ne = {f = 2}\n[a]\ng = 3',
      { a: { b: { c: { d: 1n }, e: { f: 2n } }, g: 3n } },
    ],
    [
      'arrays of tables',
      '[[a]]\nx = 1\n[a.b]\ny = 1\n[[a]]\nx = 2\n[[a.c]]\nz = 1',
      {
        a: [
          { x: 1n, b: { y: 1n } },
          { x: 2n, c: [{ z: 1n }] },
        ],
      },
    ],
    ['arrays', 'a = [1, [2], {b = 3}]', { a: [1n, [2n], { b: 3n }] }],
    ['empty tables', '[a]\n[b]', { a: {}, b: {} }],
    ['names that objects have', '[constructor]\nx = 1', { constructor: { x: 1n } }],
    ['nothing', '', {}],
  ])('has %s', (_, text, expected) => {
    expect(plain(parse(text, 'toml'))).toEqual(expected)
  })

  test.each([
    ['1_000', '1000'],
    ['0x1F', '31'],
    ['1e3', '1000'],
    ['1.10', '1.10'],
    ['07:32:00', '07:32:00'],
  ])('keeps %s as the text %s', (written, text) => {
    const node = parse(`a = ${written}`, 'toml')
    expect(node.kind === 'map' ? node.entries.get('a')?.node : undefined).toMatchObject({ text })
  })

  test('knows where everything stands', () => {
    const text = 'a = 1\n[b.c]\n"d" = [ "x",\n  {y = "z"} ]\n[[e]]\n  f.g = 2\n'
    const node = parse(text, 'toml')
    expect(positions(node)).toEqual(['a 1:5', 'b.c.d[0] 3:9', 'b.c.d[1].y 4:8', 'e[0].f.g 6:9'])
    const keys = node.kind === 'map' ? [...node.entries.values()].map(({ keySource }) => keySource) : []
    expect(keys).toMatchObject([
      { line: 1, column: 1 },
      { line: 2, column: 2 },
      { line: 5, column: 3 },
    ])
  })

  test.each([
    ['a duplicate key', 'a = 1\na = 2', 'file:2:1: defining a key multiple times is invalid'],
    ['a table given twice', '[a]\nb = 1\n[a]\nc = 1', 'file:3:2: defining a key multiple times is invalid'],
    ['an open string', "a = 'x", 'file:1:7: unterminated string constant'],
    ['two pairs on a line', 'a = 1 b = 2', 'file:1:7: must be a newline'],
  ])('is refused for %s', (_, text, problem) => {
    expect(problemsOf(text, 'toml')).toEqual([problem])
  })
})

describe('A JSON document', () => {
  test('may be indented with tabs and has positions', () => {
    const node = parse('{\n\t"a": {\n\t\t"b": [1, "\\u00e9", "\\ud83d\\ude00", "\\/"]\n\t}\n}', 'json')
    expect(plain(node)).toEqual({ a: { b: [1n, 'é', '😀', '/'] } })
    expect(positions(node)[0]).toBe('a.b[0] 3:9')
  })

  test('is refused for a duplicate key', () => {
    expect(problemsOf('{"a": 1,\n "a": 2}', 'json')).toEqual(['file:2:2: duplicate key "a" (first given on line 1)'])
  })
})

describe('The format of a file', () => {
  test.each<[string, DocumentFormat | undefined]>([
    ['a.yaml', 'yaml'],
    ['a.YML', 'yaml'],
    ['a.b.toml', 'toml'],
    ['a.json', 'json'],
    ['a.txt', undefined],
    ['yaml', undefined],
  ])('%s is %p', (file, format) => {
    expect(documentFormat(file) ?? 'unknown').toBe(format ?? 'unknown')
  })
})
