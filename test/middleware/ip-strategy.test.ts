import { describe, expect, test } from 'bun:test'
import { invalid, Place } from '../../src/config/schema.ts'
import { ProblemCollector } from '../../src/config/problem.ts'
import { addressBy, ipStrategy } from '../../src/middleware/ip-strategy.ts'
import { problemsOf, toNode } from '../support/middleware.ts'
import { makeRequest } from '../support/request.ts'

function judged(options: unknown, forwardedFor: string | undefined, peer = '203.0.113.9'): string {
  const decoded = ipStrategy.decode(toNode(options), new Place(new ProblemCollector()))
  if (decoded === invalid) throw new Error('the strategy of this test is not valid')
  const headers = forwardedFor === undefined ? [] : ['X-Forwarded-For', forwardedFor]
  return addressBy(decoded)(makeRequest({ headers, client: { address: peer } }))
}

describe('an ipStrategy', () => {
  test.each([
    [{}, '1.1.1.1', '203.0.113.9'],
    [true, undefined, '203.0.113.9'],
    [{ depth: 1 }, '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    [{ depth: 2 }, '1.1.1.1,2.2.2.2', '1.1.1.1'],
    [{ depth: 3 }, '1.1.1.1, 2.2.2.2', ''],
    [{ depth: 1 }, undefined, ''],
    [{ depth: -1 }, '1.1.1.1', '203.0.113.9'],
    [{ depth: 1, excludedIPs: ['2.2.2.2'] }, '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    [{ excludedIPs: ['10.0.0.0/8', '2.2.2.2'] }, '9.9.9.9, 1.1.1.1, , 10.1.2.3, 2.2.2.2', '1.1.1.1'],
    [{ excludedIPs: ['10.0.0.0/8'] }, '10.1.2.3', ''],
    [{ excludedIPs: ['10.0.0.0/8'] }, undefined, ''],
    [{ excludedIPs: ['10.0.0.0/8'] }, 'unknown, 10.0.0.1', 'unknown'],
    [{ excludedIPs: ['10.0.0.0/8'], ipv6Subnet: 64 }, '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
    [{ depth: 1, ipv6Subnet: 64 }, '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    [{ depth: 1, ipv6Subnet: 60 }, '2001:db8:1:2f:3:4:5:6', '2001:db8:1:20::'],
    [{ depth: 1, ipv6Subnet: 64 }, '1.1.1.1', '1.1.1.1'],
    [{ depth: 1, ipv6Subnet: 64 }, 'unknown', 'unknown'],
  ] as const)('%j of X-Forwarded-For %j is %j', (options, forwardedFor, expected) => {
    expect(judged(options, forwardedFor)).toBe(expected)
  })

  test.each([
    [48, '2001:db8:ffff::'],
    [1, '::'],
    [33, '2001:db8:8000::'],
    [128, '2001:db8:ffff::1'],
  ])('masks the peer to %d bits', (ipv6Subnet, expected) => {
    expect(judged({ ipv6Subnet }, undefined, '2001:db8:ffff::1')).toBe(expected)
  })

  test.each([
    [
      { excludedIPs: ['10.0.0.0/33'] },
      'excludedIPs[0]: is not an IP address or range: "10.0.0.0/33" (expected an IP address or a CIDR range, such as "192.168.0.0/16")',
    ],
    [{ ipv6Subnet: 0 }, 'ipv6Subnet: is out of range: 0 (expected a whole number from 1 to 128)'],
    [{ ipv6Subnet: 129 }, 'ipv6Subnet: is out of range: 129 (expected a whole number from 1 to 128)'],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf({ options: ipStrategy }, options)).toEqual([problem])
  })
})
