import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { bytesBody, emptyBody } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { readWhole } from '../../src/http/whole-body.ts'

/** A body of pieces without an announced length, and how it went. */
function streamed(...pieces: string[]) {
  const left = pieces.map((piece) => Buffer.from(piece))
  const fate = { cancelled: false }
  const body = pullBody({ read: () => Promise.resolve(left.shift()), cancel: () => (fate.cancelled = true) })
  return { body, left, fate }
}

describe('readWhole', () => {
  test.each([
    [-1, 'abcdef'],
    [6, 'abcdef'],
    [5, undefined],
    [0, undefined],
  ])('with the limit %d gives %j', async (limit, expected) => {
    const { body, fate } = streamed('abc', 'def')
    expect((await readWhole(body, limit))?.toString()).toBe(expected!)
    expect(fate.cancelled).toBe(expected === undefined)
  })

  test('reads no more than tells that the limit is passed', async () => {
    const { body, left } = streamed('abc', 'def', 'ghi')
    await readWhole(body, 4)
    expect(left.map(String)).toEqual(['ghi'])
  })

  test('refuses an announced length without reading', async () => {
    let reads = 0
    const body = pullBody({ length: 10, read: () => ((reads += 1), Promise.resolve(undefined)), cancel: () => {} })
    expect(await readWhole(body, 9)).toBeUndefined()
    expect(reads).toBe(0)
  })

  test('takes an empty body', async () => {
    expect(await readWhole(emptyBody, 0)).toEqual(Buffer.alloc(0))
    expect(await readWhole(bytesBody(Buffer.from('abc')), 3)).toEqual(Buffer.from('abc'))
  })

  test('rejects when the body breaks off', async () => {
    const error = new ProxyError('client.reset', 'gone')
    const body = pullBody({ read: () => Promise.reject(error), cancel: () => {} })
    expect(await readWhole(body, -1).catch((thrown) => thrown)).toBe(error)
  })
})
