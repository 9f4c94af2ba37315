import { describe, expect, test } from 'bun:test'
import { QuietCollector } from '../../src/cli/quiet-collector.ts'

const megabyte = 2 ** 20

/** Looks once for each second, in which the process has used so much CPU; gives the seconds that ended in a collection. */
function collections(usedMs: readonly number[], heapBytes = 10 * megabyte): number[] {
  let cpu = 0
  let second = 0
  const collected: number[] = []
  const collector = new QuietCollector({
    cpuMs: () => cpu,
    heapBytes: () => heapBytes,
    collect: () => collected.push(second),
  })
  for (const used of usedMs) {
    cpu += used
    second += 1
    collector.look()
  }
  return collected
}

describe('QuietCollector', () => {
  test.each([
    ['once after work', [900, 5, 5, 5], [2]],
    ['after each stretch of work', [900, 5, 900, 5], [2, 4]],
    ['after work that was spread over seconds', [200, 200, 200, 5], [4]],
    ['after much that was little at a time', Array.from({ length: 60 }, () => 10), [50]],
    ['not while work goes on', [900, 900, 900], []],
    ['not after little work', [100, 5, 5, 5], []],
  ])('collects %s', (_, usedMs, expected) => {
    expect(collections(usedMs)).toEqual(expected)
  })

  test('leaves a large heap to the engine, which collects it without stopping everything', () => {
    expect(collections([900, 5, 5], 100 * megabyte)).toEqual([])
  })
})
