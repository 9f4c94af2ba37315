import { describe, expect, test } from 'bun:test'
import { tcpErrors, tcpFacts, tcpRule } from '../rules.ts'

describe('HostSNI', () => {
  test.each([
    ['HostSNI(`*`)', 'a.org', true],
    ['HostSNI(`*`)', '', true],
    ['HostSNI(`A.org`)', 'a.org', true],
    ['HostSNI(`a.org.`)', 'a.org', true],
    ['HostSNI(`a.org`)', 'a.org.', true],
    ['HostSNI(`a.org`)', 'b.org', false],
    ['HostSNI(`a.org`)', '', false],
    ['HostSNI(`*.a.org`)', 'x.a.org', true],
    ['HostSNI(`*.a.org`)', 'a.org', false],
    ['HostSNI(`*.a.org`)', 'x.y.a.org', false],
    ['HostSNI(`a_b-c.org`)', 'a_b-c.org', true],
  ])('%s for the server name %j: %p', (rule, serverName, expected) => {
    expect(tcpRule(rule).test(tcpFacts({ serverName }))).toBe(expected)
  })

  test.each([
    ['HostSNI(`a b`)', '8+5: HostSNI: "a b" is not a host name (example.org, *.example.org or *)'],
    ['HostSNI(`a.*.org`)', '8+9: HostSNI: "a.*.org" is not a host name (example.org, *.example.org or *)'],
    ['HostSNI(`bücher.de`)', '10+1: HostSNI: "bücher.de" is not ASCII (write it in punycode: xn--bcher-kva.de)'],
  ])('refuses %s', (rule, expected) => {
    expect(tcpErrors(rule)).toEqual([expected])
  })
})
