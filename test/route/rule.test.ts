import { describe, expect, test } from 'bun:test'
import { isCatchAll, matchersOf, ruleDomains } from '../../src/route/rule.ts'
import { httpErrors, httpRule, requestTo, tcpErrors, tcpFacts, tcpRule } from './rules.ts'

const httpNames =
  'Host, HostRegexp, Path, PathPrefix, PathRegexp, Method, Header, HeaderRegexp, Query, QueryRegexp, ClientIP'

describe('compileHttpRule', () => {
  test.each(['Host', 'host', 'HOST', 'HostRegexp', 'hostregexp', 'HOSTREGEXP', 'Hostregexp', 'ClientIP', 'Clientip'])(
    'accepts the spelling %s',
    (name) => {
      expect(httpErrors(`${name}(\`10.0.0.1\`)`)).toEqual([])
    },
  )

  test.each([
    ['Hots(`a`)', `0+4: unknown matcher "Hots" (did you mean Host?; allowed: ${httpNames})`],
    ['hOst(`a`)', `0+4: unknown matcher "hOst" (did you mean Host?; allowed: ${httpNames})`],
    ['hostRegexp(`a`)', `0+10: unknown matcher "hostRegexp" (did you mean HostRegexp?; allowed: ${httpNames})`],
    ['!Nonsense(`a`)', `1+8: unknown matcher "Nonsense" (allowed: ${httpNames})`],
    ['Host()', '0+6: Host takes 1 argument, not 0: Host(domain)'],
    ['Host(`a`, `b`)', '0+14: Host takes 1 argument, not 2: Host(domain) (did you mean Host(`a`) || Host(`b`)?)'],
    ['Host(``)', '5+2: Host: the domain must not be empty'],
    ["Host('a')", "5+1: ' does not begin a string (use back-ticks or double quotes)"],
  ])('refuses %s', (rule, expected) => {
    expect(httpErrors(rule)).toEqual([expected])
  })

  test('tells every wrong matcher of a rule, in the order of the text', () => {
    expect(
      httpErrors('Path(`x`) || (Fo(`y`) && !ClientIP(`z`))').map((error) => error.split(':', 2).join(':')),
    ).toEqual(['5+3: Path', '14+2: unknown matcher "Fo" (allowed', '35+3: ClientIP'])
  })

  test.each([
    ['Host(`a`) && Path(`/x`) && Method(`GET`)', true],
    ['Host(`b`) || Path(`/y`) || Method(`GET`)', true],
    ['Host(`b`) || Path(`/y`) || Method(`PUT`)', false],
    ['Host(`a`) && Path(`/x`) && Method(`PUT`)', false],
    ['Host(`b`) || Host(`a`) && Path(`/x`)', true],
    ['(Host(`b`) || Host(`a`)) && Path(`/y`)', false],
    ['!(Host(`a`) && Path(`/y`))', true],
    ['!Host(`a`) || Path(`/x`)', true],
    ['!!Host(`a`)', true],
  ])('%s for GET http://a/x: %p', (rule, expected) => {
    expect(httpRule(rule).test(requestTo('a', { path: '/x' }))).toBe(expected)
  })

  test.each([
    ['PathPrefix(`/x`)', 16n],
    ['Host(`a.test`)', 14n],
    ['Host(`a.test`) && PathPrefix(`/x`)', 34n],
    ['Host(`a.test`)  &&  PathPrefix(`/x`)', 36n],
    ['Path(`/é`)', 11n],
  ])('gives %s the priority %d, its length in bytes', (rule, expected) => {
    expect(httpRule(rule).defaultPriority).toBe(expected)
  })

  test('keeps the tree, whose matchers can be asked one by one', () => {
    const rule = httpRule('Host(`a`) && (!Path(`/x`) || Method(`GET`))')
    const answers = matchersOf(rule.tree).map(({ name, offset, test }) => [
      name,
      offset,
      test(requestTo('a', { path: '/y' })),
    ])
    expect(answers).toEqual([
      ['Host', 0, true],
      ['Path', 15, false],
      ['Method', 29, true],
    ])
  })
})

describe('compileTcpRule', () => {
  test('does not know the matchers of HTTP', () => {
    expect(tcpErrors('PathPrefix(`/`)')).toEqual([
      '0+10: unknown matcher "PathPrefix" (allowed: HostSNI, HostSNIRegexp, ClientIP, ALPN)',
    ])
  })

  test.each([
    ['HostSNI(`*`)', -1n],
    ['hostsni("*")', -1n],
    ['HostSNI(`a.org`)', 16n],
    ['HostSNI(`*`) && ALPN(`h2`)', 26n],
    ['!HostSNI(`*`)', 13n],
  ])('gives %s the priority %d', (rule, expected) => {
    expect(tcpRule(rule).defaultPriority).toBe(expected)
  })

  test('joins matchers', () => {
    const rule = tcpRule('HostSNI(`a.org`) && !ALPN(`h2`)')
    expect(rule.test(tcpFacts({ serverName: 'a.org', alpn: ['http/1.1'] }))).toBe(true)
    expect(rule.test(tcpFacts({ serverName: 'a.org', alpn: ['h2'] }))).toBe(false)
  })
})

describe('isCatchAll', () => {
  test.each([
    ['HostSNI(`*`)', true],
    ['(HostSNI(`*`))', true],
    ['HostSNI(`*.org`)', false],
    ['!HostSNI(`*`)', false],
    ['HostSNI(`*`) && ClientIP(`::1`)', false],
    ['HostSNIRegexp(`*`)'.replace('*', '.*'), false],
  ])('of %s is %p', (rule, expected) => {
    expect(isCatchAll(tcpRule(rule))).toBe(expected)
  })
})

describe('ruleDomains', () => {
  test.each([
    ['Host(`B.org.`) || Host(`a.org`) && Path(`/`)', ['b.org', 'a.org']],
    ['!Host(`a`) && PathPrefix(`/`)', ['a']],
    ['!(Host(`a`) || !Host(`*.b`))', ['a', '*.b']],
    ['Host(`a`) && Path(`/`) || Host(`a`) && Path(`/b`)', ['a']],
    ['Host(`*`)', ['*']],
    ['HostRegexp(`a`) && Header(`Host`, `x`)', []],
  ])('of %s are %j', (rule, expected) => {
    expect(ruleDomains(httpRule(rule))).toEqual(expected)
  })

  test('of a TCP rule are the names of HostSNI', () => {
    expect(ruleDomains(tcpRule('HostSNI(`a.org`) && !HostSNI(`*.b.org`) && HostSNIRegexp(`c`)'))).toEqual([
      'a.org',
      '*.b.org',
    ])
  })
})
