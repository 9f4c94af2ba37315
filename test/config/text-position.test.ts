import { describe, expect, test } from 'bun:test'
import { type DocumentFormat, parseDocument } from '../../src/config/document.ts'
import { sourceOfOffset, TextLines } from '../../src/config/text-position.ts'

/** Parses a document with one key and gives the place of the first `#` in its value, as `line:column`. */
function placeOfMark(document: string, format: DocumentFormat): string {
  const { node } = parseDocument({ file: 'file', text: document, format })
  const value = node?.kind === 'map' ? [...node.entries.values()][0]?.node : undefined
  if (value?.kind !== 'scalar') throw new Error('the document has one text')
  const placed = { text: value.text, source: value.source }
  const source = sourceOfOffset(placed, value.text.indexOf('#'), { provider: 'file', file: 'file', text: document })
  return source.kind === 'file' ? `${source.line}:${source.column}` : ''
}

describe('the place of a character in a value', () => {
  test.each([
    ['a plain value', 'yaml', 'k: ab#c', '1:6'],
    ['a value in double quotes', 'yaml', 'k: "ab#c"', '1:7'],
    ['a value in single quotes', 'yaml', "k: 'ab#c'", '1:7'],
    ['escaped quotes before it', 'yaml', 'k: "a\\"b\\"#c"', '1:11'],
    ['an escaped backslash before it', 'yaml', 'k: "a\\\\b#c"', '1:9'],
    ['doubled quotes before it', 'yaml', "k: 'a''b#c'", '1:9'],
    ['a literal block', 'yaml', 'k: |\n  ab\n  c#d\n', '3:4'],
    ['a folded block', 'yaml', 'k: >-\n  ab\n  c#d\n', '3:4'],
    ['a block with an indentation of its own', 'yaml', 'k: |2-\n    ab\n  c#d', '3:4'],
    ['a plain value over two lines', 'yaml', 'k: ab\n  c#d', '2:4'],
    ['a value in quotes over two lines', 'yaml', 'k: "ab\n  c#d"', '2:4'],
    ['a TOML text', 'toml', 'k = "ab#c"', '1:8'],
    ['a TOML literal', 'toml', "k = 'ab#c'", '1:8'],
    ['a TOML text over two lines', 'toml', 'k = """\nab\nc#d"""', '3:2'],
    ['a TOML literal over two lines', 'toml', "k = '''\nab\nc#d'''", '3:2'],
  ] as const)('is found in %s', (_, format, document, place) => {
    expect(placeOfMark(document, format)).toBe(place)
  })

  test('is the beginning of the value when an escape hides the way', () => {
    expect(placeOfMark('k: "\\x41b#c"', 'yaml')).toBe('1:4')
  })
})

describe('the lines of a text', () => {
  const lines = new TextLines('ab\n\ncd\n')

  test.each([
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [4, 3, 1],
    [6, 3, 3],
    [7, 4, 1],
  ])('lead from offset %d to %d:%d and back', (offset, line, column) => {
    expect(lines.positionOf(offset)).toEqual({ line, column })
    expect(lines.offsetOf({ line, column })).toBe(offset)
  })

  test('end at the end', () => {
    expect(lines.offsetOf({ line: 9, column: 9 })).toBe(7)
  })
})
