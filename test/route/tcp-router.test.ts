import { describe, expect, test } from 'bun:test'
import {
  buildNameTable,
  buildTcpTable,
  chooseRoute,
  chooseUnread,
  type EntryPointRoutes,
  type TcpTable,
} from '../../src/route/tcp-router.ts'
import { tcpFacts, tcpRule } from './rules.ts'

function tcpTable(...rules: readonly string[]): TcpTable<string> {
  const routes = rules.map((text) => {
    const rule = tcpRule(text)
    return { name: text, rule, priority: rule.defaultPriority, providerRank: 0, target: text }
  })
  return buildTcpTable(routes)
}

/** Each host of HTTPS routers leads to its own name. */
function names(...hosts: readonly string[]): TcpTable<string> {
  return buildNameTable(new Map(hosts.map((host) => [host, host])))
}

function entryPoint(routes: Partial<EntryPointRoutes<string, string>>): EntryPointRoutes<string, string> {
  return { https: names(), tcpTls: tcpTable(), tcp: tcpTable(), ...routes }
}

describe('buildTcpTable', () => {
  test('asks the catch-all after shorter rules', () => {
    const table = tcpTable('HostSNI(`*`)', 'ALPN(`h2`)')
    expect(table.find(tcpFacts({ alpn: ['h2'] }))).toEqual({ target: 'ALPN(`h2`)', catchAll: false })
    expect(table.find(tcpFacts())).toEqual({ target: 'HostSNI(`*`)', catchAll: true })
  })

  test('finds nothing for a name that no route has', () => {
    expect(tcpTable('HostSNI(`a.org`)').find(tcpFacts({ serverName: 'b.org' }))).toBeUndefined()
  })
})

describe('buildNameTable', () => {
  test.each([
    ['a.org', 'A.org', false],
    ['a.org.', 'A.org', false],
    ['b.org', '*.org', false],
    ['x.b.org', '*', true],
    ['', '*', true],
    ['localhost', '*', true],
  ])('leads %j to %s', (serverName, target, catchAll) => {
    expect(names('*', '*.org', 'A.org').find(tcpFacts({ serverName }))).toEqual({ target, catchAll })
  })

  test('leads nowhere without an entry', () => {
    expect(names('a.org').find(tcpFacts({ serverName: 'b.org' }))).toBeUndefined()
    expect(names('a.org').find(tcpFacts())).toBeUndefined()
  })
})

describe('chooseRoute', () => {
  const tcpTls = tcpTable('HostSNI(`t.test`)', 'HostSNI(`*`)')
  const mixed = entryPoint({ https: names('h.test', '*'), tcpTls })
  const withoutHttpsCatchAll = entryPoint({ https: names('h.test'), tcpTls })
  const both = entryPoint({ https: names('t.test'), tcpTls })
  const httpsOnly = entryPoint({ https: names('h.test') })
  const plain = entryPoint({ tcp: tcpTable('ClientIP(`10.0.0.0/8`)'), tcpTls })

  test.each([
    ['an HTTPS name', mixed, 'tls', 'h.test', { kind: 'https', target: 'h.test' }],
    ['a TCP name', mixed, 'tls', 't.test', { kind: 'tcpTls', target: 'HostSNI(`t.test`)' }],
    ['any other name, with both catch-alls', mixed, 'tls', 'x.test', { kind: 'https', target: '*' }],
    ['no name, with both catch-alls', mixed, 'tls', '', { kind: 'https', target: '*' }],
    ['any other name', withoutHttpsCatchAll, 'tls', 'x.test', { kind: 'tcpTls', target: 'HostSNI(`*`)' }],
    ['no name', withoutHttpsCatchAll, 'tls', '', { kind: 'tcpTls', target: 'HostSNI(`*`)' }],
    ['a name that both have', both, 'tls', 't.test', { kind: 'https', target: 't.test' }],
    ['a name that nobody has', httpsOnly, 'tls', 'x.test', { kind: 'httpsDefault' }],
    ['TLS where no route is', entryPoint({}), 'tls', 'x.test', { kind: 'httpsDefault' }],
    ['plaintext', mixed, 'plaintext', '', { kind: 'http' }],
    ['Postgres for a TCP name', mixed, 'postgres', 't.test', { kind: 'tcpTls', target: 'HostSNI(`t.test`)' }],
    ['Postgres for an HTTPS name', mixed, 'postgres', 'h.test', { kind: 'tcpTls', target: 'HostSNI(`*`)' }],
    ['Postgres where no TCP route is', httpsOnly, 'postgres', 'h.test', { kind: 'close' }],
  ] as const)('leads %s', (_, routes, opening, serverName, expected) => {
    expect(chooseRoute(routes, opening, tcpFacts({ serverName }))).toEqual(expected)
  })

  test.each([
    ['10.0.0.1', { kind: 'tcp', target: 'ClientIP(`10.0.0.0/8`)' }],
    ['192.0.2.1', { kind: 'http' }],
  ] as const)('leads plaintext from %s to %j', (clientAddress, expected) => {
    expect(chooseRoute(plain, 'plaintext', tcpFacts({ clientAddress }))).toEqual(expected)
  })
})

describe('chooseUnread', () => {
  const tcp = tcpTable('HostSNI(`*`) && ClientIP(`10.0.0.0/8`)')
  test.each([
    ['only plain TCP routes', true, entryPoint({ tcp })],
    ['a TCP route with TLS', false, entryPoint({ tcp, tcpTls: tcpTable('HostSNI(`a`)') })],
    ['an HTTPS route', false, entryPoint({ tcp, https: names('a') })],
    ['no TCP route', false, entryPoint({})],
  ])('with %s chooses before the first byte: %p', (_, expected, routes) => {
    expect(chooseUnread(routes, '10.0.0.1')?.kind === 'tcp').toBe(expected)
  })

  test('leaves a connection that no route matches to be read', () => {
    expect(chooseUnread(entryPoint({ tcp }), '192.0.2.1')).toBeUndefined()
  })
})
