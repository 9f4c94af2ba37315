import { describe, expect, test } from 'bun:test'
import { ipAllowList } from '../../src/middleware/ip-allow-list.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

function allow(options: object, address: string, forwardedFor?: string) {
  const headers = forwardedFor === undefined ? [] : ['X-Forwarded-For', forwardedFor]
  return pass(buildMiddleware(ipAllowList, options), makeRequest({ headers, client: { address } }))
}

describe('ipAllowList', () => {
  test.each([
    [['203.0.113.9'], '203.0.113.9'],
    [['10.0.0.0/8', '203.0.113.0/24'], '203.0.113.255'],
    ['10.0.0.0/8,203.0.113.0/24', '203.0.113.1'],
    [['2001:db8::/32'], '2001:db8:1::1'],
    [['::1'], '::1'],
  ])('%j lets %s pass', async (sourceRange, address) => {
    const { received, response } = await allow({ sourceRange }, address)
    expect(received).toBeDefined()
    expect(response.status).toBe(200)
  })

  test.each([
    [['203.0.113.8'], '203.0.113.9'],
    [['203.0.113.0/24'], '203.0.114.1'],
    [['2001:db8::/32'], '203.0.113.9'],
    [['0.0.0.0/0'], '2001:db8::1'],
    [['203.0.113.9'], ''],
    [['203.0.113.9'], 'unknown'],
  ])('%j rejects "%s"', async (sourceRange, address) => {
    const { received, response } = await allow({ sourceRange }, address)
    expect(received).toBeUndefined()
    expect(response).toMatchObject({ status: 403, headers: [] })
    expect(await readText(response.body)).toBe('Forbidden')
  })

  test.each([
    ['9.9.9.9, 10.0.0.1', 200],
    ['10.0.0.1, 9.9.9.9', 403],
    [' 10.0.0.1:4711 ', 200],
    ['10.0.0.1%eth0', 200],
    ['', 403],
    [undefined, 403],
  ])('with depth 1 judges X-Forwarded-For %j: %d', async (forwardedFor, status) => {
    const options = { sourceRange: ['10.0.0.0/8'], ipStrategy: { depth: 1 } }
    const { response } = await allow(options, '10.0.0.9', forwardedFor)
    expect(response.status).toBe(status)
  })

  test.each([
    ['[2001:db8::1]:443', 200],
    ['2001:db8::1', 200],
    ['[2001:db9::1]:443', 403],
  ])('with depth 1 judges the IPv6 entry %s: %d', async (forwardedFor, status) => {
    const options = { sourceRange: ['2001:db8::/32'], ipStrategy: { depth: 1 } }
    expect((await allow(options, '::1', forwardedFor)).response.status).toBe(status)
  })

  test('believes no X-Forwarded-For without a strategy that asks for it', async () => {
    expect((await allow({ sourceRange: ['10.0.0.1'] }, '203.0.113.9', '10.0.0.1')).response.status).toBe(403)
  })

  test('compares networks with a subnet strategy', async () => {
    const options = { sourceRange: ['2001:db8:0:1::'], ipStrategy: { ipv6Subnet: 64 } }
    expect((await allow(options, '2001:db8:0:1:2:3:4:5')).response.status).toBe(200)
    expect((await allow(options, '2001:db8:0:2:2:3:4:5')).response.status).toBe(403)
  })

  test.each([
    [404, 'Not Found'],
    [418, "I'm a teapot"],
  ])('rejects with the status %d and its text', async (rejectStatusCode, text) => {
    const { response } = await allow({ sourceRange: ['10.0.0.1'], rejectStatusCode }, '203.0.113.9')
    expect(response.status).toBe(rejectStatusCode)
    expect(await readText(response.body)).toBe(text)
  })

  test.each([
    [
      { rejectStatusCode: 404 },
      'sourceRange: is required (expected a list, each item an IP address or a CIDR range, such as "192.168.0.0/16")',
    ],
    [
      { sourceRange: [] },
      'sourceRange: is empty, which allows nobody (expected at least one IP address or CIDR range)',
    ],
    [
      { sourceRange: ['10.0.0'] },
      'sourceRange[0]: is not an IP address or range: "10.0.0" (expected an IP address or a CIDR range, such as "192.168.0.0/16")',
    ],
    [
      { sourceRange: ['::1'], rejectStatusCode: 999 },
      'rejectStatusCode: is not an HTTP status code: 999 (such as 403 or 404)',
    ],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf(ipAllowList, options)).toEqual([problem])
  })
})
