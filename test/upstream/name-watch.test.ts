import { describe, expect, test } from 'bun:test'
import { canMove, NameWatch } from '../../src/upstream/name-watch.ts'

const seconds = 1000

function watched(answers: (readonly string[] | Error)[]) {
  const told: string[][] = []
  let asked = 0
  const watch = new NameWatch({
    host: 'app.test',
    changed: (addresses) => told.push([...addresses]),
    resolve: () => {
      const answer = answers[Math.min(asked++, answers.length - 1)]!
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  })
  /** A request at each of these moments. */
  const touch = async (...moments: number[]) => {
    for (const moment of moments) {
      watch.touch(moment * seconds)
      await Promise.resolve().then(() => new Promise(setImmediate))
    }
  }
  return { told, touch, asked: () => asked }
}

describe('NameWatch', () => {
  test('looks the name up at most every ten seconds, and only for requests', async () => {
    const { touch, asked } = watched([['10.0.0.1']])
    await touch(0, 1, 2, 9, 10, 11, 100)
    expect(asked()).toBe(3)
  })

  test('tells nothing while the addresses are the same, in any order', async () => {
    const { told, touch } = watched([
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.2', '10.0.0.1'],
    ])
    await touch(0, 10, 20)
    expect(told).toEqual([])
  })

  test('tells of a change until the resolver’s cache has forgotten the old address', async () => {
    const { told, touch } = watched([['10.0.0.1'], ['10.0.0.2']])
    await touch(0, 10, 20, 30, 40, 50, 60)
    expect(told).toEqual(Array(4).fill(['10.0.0.2']))
  })

  test('keeps to what it knows when the name can’t be resolved', async () => {
    const { told, touch } = watched([['10.0.0.1'], new Error('no answer'), [], ['10.0.0.1']])
    await touch(0, 10, 20, 30)
    expect(told).toEqual([])
  })

  test.each([
    ['app.test', true],
    ['localhost', false],
    ['10.0.0.1', false],
    ['::1', false],
  ])('is for names only: %s %p', (host, moves) => {
    expect(canMove(host)).toBe(moves)
  })
})
