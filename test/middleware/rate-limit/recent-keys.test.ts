import { describe, expect, test } from 'bun:test'
import { RecentKeys } from '../../../src/middleware/rate-limit/recent-keys.ts'

describe('RecentKeys', () => {
  test('gives each key a slot of its own, and the same one again', () => {
    const keys = new RecentKeys(1000)
    const slots = Array.from({ length: 1000 }, (_, at) => keys.add(`key ${at}`))
    expect(new Set(slots).size).toBe(1000)
    expect(slots.map((_, at) => keys.find(`key ${at}`))).toEqual(slots)
    expect(keys.find('another')).toBe(-1)
  })

  test('forgets the key that was not used for the longest time', () => {
    const keys = new RecentKeys(3)
    const [a, b] = [keys.add('a'), keys.add('b'), keys.add('c')]
    expect(keys.find('a')).toBe(a)
    expect(keys.add('d')).toBe(b)
    expect([...'abcd'].map((key) => keys.find(key) >= 0)).toEqual([true, false, true, true])
    expect(keys.size).toBe(3)
  })

  test('agrees with a list that is kept in order of use', () => {
    const keys = new RecentKeys(20)
    let recent: string[] = []
    // A simple generator, so that every run is the same.
    for (let step = 0, seed = 1; step < 20_000; step++) {
      seed = (seed * 48_271) % 2_147_483_647
      const key = `key ${seed % 37}`
      expect(keys.find(key) >= 0).toBe(recent.includes(key))
      if (!recent.includes(key)) keys.add(key)
      recent = [key, ...recent.filter((other) => other !== key)].slice(0, 20)
    }
    expect(keys.size).toBe(20)
  })

  test('tells long keys apart by their ends', () => {
    const keys = new RecentKeys(10)
    const [one, other] = [`${'x'.repeat(5000)}1`, `${'x'.repeat(5000)}2`]
    const slot = keys.add(one)
    expect(keys.find(other)).toBe(-1)
    expect(keys.find(one)).toBe(slot)
  })

  test('keeps no more of a head alive than the key', () => {
    const keys = new RecentKeys(5000)
    const head = Buffer.alloc(64 * 1024, 'x')
    Bun.gc(true)
    const before = process.memoryUsage().rss
    for (let at = 0; at < 5000; at++) {
      head.latin1Write(String(at).padStart(50, '0'), 100)
      keys.add(head.latin1Slice().slice(100, 150))
    }
    Bun.gc(true)
    // All the heads together: 328 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
  })
})
