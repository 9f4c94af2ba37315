import { describe, expect, test } from 'bun:test'
import { tcpErrors, tcpFacts, tcpRule } from '../rules.ts'

describe('HostSNIRegexp', () => {
  test.each([
    ['HostSNIRegexp(`^.+\\.a\\.org$`)', 'x.y.a.org', true],
    ['HostSNIRegexp(`^.+\\.a\\.org$`)', 'a.org', false],
    ['HostSNIRegexp(`a`)', 'bar', true],
    ['HostSNIRegexp(`.*`)', '', true],
  ])('%s for the server name %j: %p', (rule, serverName, expected) => {
    expect(tcpRule(rule).test(tcpFacts({ serverName }))).toBe(expected)
  })

  test.each([
    ['HostSNIRegexp(`(`)', '15+1: HostSNIRegexp: bad regular expression: missing closing )'],
    ['HostSNIRegexp(`é`)', '15+1: HostSNIRegexp: the regular expression is not ASCII, but host names are'],
  ])('refuses %s', (rule, expected) => {
    expect(tcpErrors(rule)).toEqual([expected])
  })
})
