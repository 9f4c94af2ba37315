import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo, tcpErrors, tcpFacts, tcpRule } from '../rules.ts'

describe('ClientIP', () => {
  test.each([
    ['ClientIP(`10.0.0.0/8`)', '10.1.2.3', true],
    ['ClientIP(`10.0.0.0/8`)', '192.0.2.1', false],
    ['ClientIP(`192.0.2.1`)', '192.0.2.1', true],
    ['ClientIP(`::1`)', '::1', true],
    ['ClientIP(`2001:db8::/32`)', '2001:db8:1::5', true],
    ['ClientIP(`10.0.0.0/8`)', '::ffff:10.0.0.1', true],
  ])('%s for the peer %s: %p', (rule, address, expected) => {
    expect(httpRule(rule).test(requestTo('a', { client: { address } }))).toBe(expected)
    expect(tcpRule(rule).test(tcpFacts({ clientAddress: address }))).toBe(expected)
  })

  test('never believes X-Forwarded-For', () => {
    const request = requestTo('a', { client: { address: '192.0.2.1' }, headers: ['X-Forwarded-For', '10.1.1.1'] })
    expect(httpRule('ClientIP(`10.0.0.0/8`)').test(request)).toBe(false)
  })

  test.each(['10.0.0.0/33', 'localhost', '10.0.0', '010.0.0.1', ' 10.0.0.1'])('refuses %j', (range) => {
    const expected = `9+${range.length + 2}: ClientIP: ${JSON.stringify(range)} is not an IP address or range (10.0.0.1, 10.0.0.0/8, 2001:db8::/32)`
    expect(httpErrors(`ClientIP(\`${range}\`)`)).toEqual([expected])
    expect(tcpErrors(`ClientIP(\`${range}\`)`)).toEqual([expected])
  })
})
