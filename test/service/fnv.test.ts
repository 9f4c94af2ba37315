import { describe, expect, test } from 'bun:test'
import { Fnv64 } from '../../src/service/fnv.ts'

describe('Fnv64', () => {
  // From Go's hash/fnv, written by strconv.FormatUint(…, 16).
  test.each([
    ['', 'cbf29ce484222325', 'cbf29ce484222325'],
    ['a', 'af63bd4c8601b7be', 'af63dc4c8601ec8c'],
    ['http://10.0.0.1:8080', 'b0139f9bf96a2faf', 'f66426ef07607227'],
    ['é', '831c507b4ea243d', 'ac21707b7181e01'],
  ])('sums %j as Go does', (text, sum1, sum1a) => {
    expect(new Fnv64('1').add(text).hex).toBe(sum1)
    expect(new Fnv64('1a').add(text).hex).toBe(sum1a)
  })

  test('goes on from a copy without touching the original', () => {
    const client = new Fnv64('1a').add('127.0.0.1')
    expect(client.copy().add('http://b').hex).toBe('b338eb19cb4a4b28')
    expect(client.copy().add('http://b').hex).toBe('b338eb19cb4a4b28')
  })

  test('tells its sum as a part of all, spread evenly even where only the last byte differs', () => {
    const tenths = new Array<number>(10).fill(0)
    for (let last = 0; last < 256; last++) {
      for (let client = 0; client < 100; client++) {
        const { fraction } = new Fnv64('1a').add(`10.0.0.${client}`).add(String.fromCharCode(last))
        tenths[Math.floor(fraction * 10)]! += 1 / 25_600
      }
    }
    for (const tenth of tenths) expect(Math.abs(tenth - 0.1)).toBeLessThan(0.01)
  })
})
