import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'bun:test'
import { workerCount } from '../../src/worker/supervisor.ts'
import { staticConfiguration } from './static-text.ts'

describe('workers', () => {
  test.each([
    ['', 1],
    ['workers: 1', 1],
    ['workers: "4"', 4],
    ['workers: 1024', 1024],
    ['workers: auto', availableParallelism()],
  ])('of %j are %p', (text, count) => {
    expect(workerCount(staticConfiguration(text))).toBe(count)
  })

  test.each(['0', '-1', '1.5', '1025', 'Auto', 'many', '[]'])('are not %s', (written) => {
    expect(() => staticConfiguration(`workers: ${written}`)).toThrow()
  })

  test('say what they can be', () => {
    const message = 'is no number of processes: "many" (expected "auto" or a whole number from 1 to 1024)'
    expect(() => staticConfiguration('workers: many')).toThrow(message)
  })
})
