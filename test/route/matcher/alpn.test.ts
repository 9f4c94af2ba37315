import { describe, expect, test } from 'bun:test'
import { tcpErrors, tcpFacts, tcpRule } from '../rules.ts'

describe('ALPN', () => {
  test.each([
    [['h2', 'http/1.1'], true],
    [['http/1.1'], false],
    [[], false],
  ])('looks for its protocol among %j: %p', (alpn, expected) => {
    expect(tcpRule('ALPN(`h2`)').test(tcpFacts({ alpn }))).toBe(expected)
  })

  test('refuses the protocol of the ACME challenge', () => {
    expect(tcpErrors('ALPN(`acme-tls/1`)')).toEqual(['5+12: ALPN: acme-tls/1 is answered by the proxy itself'])
  })
})
