import { describe, expect, test } from 'bun:test'
import { Gate } from '../../src/middleware/gate.ts'

describe('a gate', () => {
  test('lets as many tasks run as it has places, the others in their order', async () => {
    const gate = new Gate(2)
    const tasks = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const begun: number[] = []
    const done = tasks.map(({ promise }, at) => gate.run(() => (begun.push(at), promise)))
    expect(begun).toEqual([0, 1])
    tasks[1]!.resolve()
    await done[1]
    await Promise.resolve()
    expect(begun).toEqual([0, 1, 2])
    for (const { resolve } of tasks) resolve()
    await Promise.all(done)
    expect(begun).toEqual([0, 1, 2, 3])
  })

  test('gives the place of a failed task to the next', async () => {
    const gate = new Gate(1)
    const failing = gate.run(() => Promise.reject(new Error('no')))
    const following = gate.run(() => Promise.resolve('yes'))
    expect(await failing.catch((error: Error) => error.message)).toBe('no')
    expect(await following).toBe('yes')
    expect(await gate.run(() => Promise.resolve('again'))).toBe('again')
  })
})
