import { describe, expect, test } from 'bun:test'
import { flattenDocument, unflattenDocument } from '../../src/config/flat-document.ts'
import { atOnce } from '../../src/config/steps.ts'
import { parseToml } from '../../src/config/toml-document.ts'
import { parseYaml } from '../../src/config/yaml-document.ts'

describe('A flat document becomes again', () => {
  test.each([
    ['nothing', ''],
    ['texts', 'a: x\nb: "1"\n"": ""\né😀: "😀\\n"\n'],
    ['booleans', 'a: true\nb: False\n'],
    ['whole numbers', 'a: 0\nb: -12\nc: 007\nd: 0x1F\ne: 123456789012345678901234567890\n'],
    ['other numbers', 'a: 1.10\nb: 1e3\nc: .inf\nd: -.inf\ne: .nan\nf: -0.0\n'],
    ['lists and maps', '- [[], {}]\n- a: [x, y]\n  b: { c: { d: e } }\n- z\n'],
    ['aliases and merges', 'a: &a { b: &b [x], c: y }\nd: *a\ne: { <<: *a, c: z }\nf: [*b, *b]\n'],
    ['a document with mistakes', 'a: 1\na: 2\n'],
    ['one that can not be read', 'a: [\nb: ]'],
  ])('%s', (_, text) => {
    const parsed = parseYaml('d.yaml', text)
    const again = atOnce(unflattenDocument('d.yaml', flattenDocument(parsed)))
    expect(again).toStrictEqual(parsed)
    expect(Bun.inspect(again, { depth: 20 })).toBe(Bun.inspect(parsed, { depth: 20 }))
  })

  test('one that was written in TOML', () => {
    const parsed = parseToml('d.toml', 'a = 2024-01-01\n[[b]]\nc = -0.0\n[[b]]\nd = [nan, { e = 1 }]\n')
    expect(atOnce(unflattenDocument('d.toml', flattenDocument(parsed)))).toStrictEqual(parsed)
  })

  test('a node that stands in two places, as one', () => {
    const { node } = atOnce(
      unflattenDocument('d.yaml', flattenDocument(parseYaml('d.yaml', 'a: &a { b: c }\nd: *a\ne: *a\n'))),
    )
    if (node?.kind !== 'map') throw new Error('not a map')
    expect(node.entries.get('d')?.node).toBe(node.entries.get('a')!.node)
    expect(node.entries.get('e')?.node).toBe(node.entries.get('a')!.node)
  })

  test('one whose aliases stand for a quarter of a million values, without walking them', () => {
    const lines = Array.from({ length: 16 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`)
    const parsed = parseYaml('d.yaml', ['a0: &a0 x', ...lines].join('\n'))
    expect(parsed.node).toBeDefined()
    expect(flattenDocument(parsed).words.length).toBeLessThan(400)
  })
})
