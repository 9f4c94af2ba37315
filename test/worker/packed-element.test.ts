import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import type { ConfigNode } from '../../src/config/node.ts'
import type { Source } from '../../src/config/problem.ts'
import { packElements, unpackElements, type WrittenElement } from '../../src/worker/packed-element.ts'

function written(node: ConfigNode, source: Source = node.source): WrittenElement {
  return { section: 'httpRouters', name: 'a', path: 'http.routers.a', source, node }
}

function parsed(text: string, format: 'yaml' | 'toml' = 'yaml'): ConfigNode {
  const { node } = parseDocument({ file: '/a b/ü.yaml', text, format })
  if (node === undefined) throw new Error('the document can not be read')
  return node
}

describe('packed elements', () => {
  test.each([
    ['text', 'a: "1"'],
    ['numbers', 'a: [1, 0x10, 1.5, 123456789012345678901234567890]'],
    ['numbers that JSON does not have', 'a: [.inf, -.inf]'],
    ['truth values', 'a: [true, false]'],
    ['empty maps and lists', 'a: {}\nb: []\nc: ""'],
    ['keys that are names of properties', '__proto__: 1\nconstructor: 2'],
    ['line ends and what JSON escapes', 'a: "\\n\\"\\u2028\\0"'],
    ['depth', 'a: [{ b: [{ c: { d: [1] } }] }]'],
  ])('are unpacked to the same: %s', (_, text) => {
    const element = written(parsed(text))
    expect(unpackElements(packElements([element]))).toEqual([element])
  })

  test('keep places in another file than their own', () => {
    const element = written(parsed('a: 1'), { kind: 'file', file: 'other.yaml', line: 9, column: 2 })
    expect(unpackElements(packElements([element]))).toEqual([element])
  })

  test('keep places that are in no file', () => {
    const node: ConfigNode = { kind: 'scalar', text: 'x', value: 'x', source: { kind: 'flag', flag: '--x' } }
    expect(unpackElements(packElements([written(node)]))).toEqual([written(node)])
  })

  test('name their file once', () => {
    const packed = packElements([written(parsed('a: [1, 2, 3]\nb: { c: d }'))])
    expect(packed.split('ü.yaml')).toHaveLength(2)
  })
})
