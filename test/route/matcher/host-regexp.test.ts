import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('HostRegexp', () => {
  test.each([
    ['HostRegexp(`example`)', 'my-example.org', true],
    ['HostRegexp(`^example\\.com$`)', 'example.com', true],
    ['HostRegexp(`^example\\.com$`)', 'example.com.', false],
    ['HostRegexp(`^[a-z]+\\.example\\.com$`)', 'foo.example.com', true],
    ['HostRegexp(`^[a-z]+\\.example\\.com$`)', '1.example.com', false],
    ['HostRegexp(`^Example`)', 'example.com', false],
    ['HostRegexp(`(?i)^Example`)', 'example.com', true],
    ['HostRegexp(`.*`)', '', true],
    ['HostRegexp(`.+`)', '', false],
  ])('%s for the host %j: %p', (rule, host, expected) => {
    expect(httpRule(rule).test(requestTo(host))).toBe(expected)
  })

  test.each([
    ['HostRegexp(`a(b`)', '13+1: HostRegexp: bad regular expression: missing closing )'],
    ['HostRegexp("\\x61(b")', '16+1: HostRegexp: bad regular expression: missing closing )'],
    ['HostRegexp(`é`)', '12+1: HostRegexp: the regular expression is not ASCII, but host names are'],
  ])('refuses %s', (rule, expected) => {
    expect(httpErrors(rule)).toEqual([expected])
  })
})
