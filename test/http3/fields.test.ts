import { describe, expect, test } from 'bun:test'
import { fieldObject, fieldPairs } from '../../src/http3/fields.ts'
import { readRequestHead } from '../../src/http2/request-head.ts'

const limits = { maxHeadBytes: 2000, maxTargetBytes: 100, maxFields: 20 }

/** As the engine tells a head that came as these names and values in turn. */
function blockOf(...pairs: string[]): Record<string, string | string[]> {
  const block: Record<string, string | string[]> = Object.create(null)
  for (let at = 0; at < pairs.length; at += 2) {
    const [name, value] = [pairs[at]!, pairs[at + 1]!]
    const known = block[name]
    if (known === undefined) block[name] = value
    else if (Array.isArray(known)) known.push(value)
    else block[name] = [known, value]
  }
  return block
}

const pseudo = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/']

describe('The fields of a head', () => {
  test('are told in their order, each value of a repeated one', () => {
    const block = blockOf(':method', 'GET', 'x-b', '1', 'x-a', '', 'x-b', '2')
    expect(fieldPairs(block)).toEqual([':method', 'GET', 'x-b', '1', 'x-b', '2', 'x-a', ''])
  })

  test('may have numbers for names, which come last', () => {
    const head = readRequestHead(fieldPairs(blockOf(...pseudo, '7', 'seven', '__proto__', 'x')), limits)
    expect(head).toMatchObject({ kind: 'head', headers: ['__proto__', 'x', '7', 'seven'] })
  })

  test.each([
    ['two of a pseudo field', [...pseudo, ':path', '/b']],
    ['a pseudo field behind another field', ['x-a', '1', ...pseudo]],
    ['an unknown pseudo field', [...pseudo, ':other', '1']],
    ['a name in capitals', [...pseudo, 'X-A', '1']],
    ['a field about the connection', [...pseudo, 'connection', 'close']],
    ['two values of Content-Length', [...pseudo, 'content-length', '1', 'content-length', '1']],
  ])('with %s are no request', (_, pairs) => {
    expect(readRequestHead(fieldPairs(blockOf(...pairs)), limits).kind).toBe('malformed')
  })

  test('are given to the engine with one value for each name, but for Set-Cookie', () => {
    const fields = [
      ':status',
      '200',
      'vary',
      'a',
      'set-cookie',
      'a=1',
      'vary',
      'b',
      'set-cookie',
      'b=2',
      '__proto__',
      'x',
    ]
    const given = fieldObject(fields)
    expect(Object.entries(given)).toEqual([
      [':status', '200'],
      ['vary', 'a, b'],
      ['set-cookie', ['a=1', 'b=2']],
      ['__proto__', 'x'],
    ])
  })
})
