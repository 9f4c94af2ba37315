import { describe, expect, test } from 'bun:test'
import { Nonces } from '../../src/middleware/nonces.ts'

describe('a nonce', () => {
  test('is good for each count once, in rising order', () => {
    const nonces = new Nonces()
    const nonce = nonces.issue()
    const uses = [1, 1, 2, 5, 5, 3, 6].map((count) => nonces.use(nonce, count))
    expect(uses).toEqual(['fresh', 'replayed', 'fresh', 'fresh', 'replayed', 'stale', 'fresh'])
  })

  test('may begin with any count but 0', () => {
    const nonces = new Nonces()
    expect(nonces.use(nonces.issue(), 7)).toBe('fresh')
    const nonce = nonces.issue()
    expect([nonces.use(nonce, 0), nonces.use(nonce, 0)]).toEqual(['replayed', 'replayed'])
  })

  test('is its own: the count of one says nothing of another', () => {
    const nonces = new Nonces()
    const [one, other] = [nonces.issue(), nonces.issue()]
    expect([nonces.use(other, 1), nonces.use(one, 1)]).toEqual(['fresh', 'fresh'])
  })

  test('that was not given out here is stale', () => {
    const nonces = new Nonces()
    const nonce = nonces.issue()
    const changed = `2${nonce.slice(1)}`
    for (const foreign of [new Nonces().issue(), changed, `0x${nonce}`, `${nonce}0`, '', '1', 'zzz']) {
      expect(nonces.use(foreign, 1)).toBe('stale')
    }
  })

  test('is never good again when it has been forgotten for newer ones', () => {
    const nonces = new Nonces(2)
    const unused = nonces.issue()
    const [first, second, third] = [nonces.issue(), nonces.issue(), nonces.issue()]
    expect([first, second].map((nonce) => nonces.use(nonce, 1))).toEqual(['fresh', 'fresh'])
    expect(nonces.use(first, 2)).toBe('fresh')
    // Now the second is the longest unused.
    expect(nonces.use(third, 1)).toBe('fresh')
    expect([nonces.use(second, 2), nonces.use(unused, 1)]).toEqual(['stale', 'stale'])
    expect([nonces.use(first, 3), nonces.use(third, 2)]).toEqual(['fresh', 'fresh'])
    expect(nonces.use(nonces.issue(), 1)).toBe('fresh')
  })
})
