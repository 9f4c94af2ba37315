import { describe, expect, test } from 'bun:test'
import { httpMatchers, tcpMatchers } from '../../../src/route/matcher/registry.ts'

describe('The registry', () => {
  test('has the HTTP matchers of Traefik v3', () => {
    expect(httpMatchers.map(({ name, parameters }) => `${name}(${parameters.join(', ')})`)).toEqual([
      'Host(domain)',
      'HostRegexp(regexp)',
      'Path(path)',
      'PathPrefix(prefix)',
      'PathRegexp(regexp)',
      'Method(method)',
      'Header(name, value)',
      'HeaderRegexp(name, regexp)',
      'Query(key, value?)',
      'QueryRegexp(key, regexp?)',
      'ClientIP(range)',
    ])
  })

  test('has the TCP matchers of Traefik v3', () => {
    expect(tcpMatchers.map(({ name }) => name)).toEqual(['HostSNI', 'HostSNIRegexp', 'ClientIP', 'ALPN'])
  })

  test.each([httpMatchers, tcpMatchers])('has no name twice in any case', (...matchers) => {
    expect(new Set(matchers.map(({ name }) => name.toLowerCase())).size).toBe(matchers.length)
  })
})
