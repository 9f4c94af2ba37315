import { atOnce, type Steps } from '../config/steps.ts'
import { buildHostTableSteps, type Route } from './host-table.ts'
import { plainHost } from './matcher/host-name.ts'
import { isCatchAll } from './rule.ts'
import type { TcpFacts } from './tcp-facts.ts'

export type { TcpFacts } from './tcp-facts.ts'
export { isCatchAll, ruleDomains } from './rule.ts'

export type TcpRoute<T> = Route<TcpFacts, T>

export interface Found<T> {
  readonly target: T
  /** By a rule or an entry for all names. Other protocols' routes for specific names go before it. */
  readonly catchAll: boolean
}

export interface TcpTable<T> {
  readonly size: number
  find(facts: TcpFacts): Found<T> | undefined
}

export function buildTcpTable<T>(routes: readonly TcpRoute<T>[]): TcpTable<T> {
  return atOnce(buildTcpTableSteps(routes))
}

export function* buildTcpTableSteps<T>(routes: readonly TcpRoute<T>[]): Steps<TcpTable<T>> {
  const table = yield* buildHostTableSteps(
    routes.map((route) => ({ ...route, target: { target: route.target, catchAll: isCatchAll(route.rule) } })),
  )
  return { size: table.size, find: (facts) => table.find(facts.serverName, facts) }
}

/**
 * What each server name of the HTTPS routers leads to (their TLS options): exact names go before wildcards, and both
 * before `*`, which stands for routers whose rules name no host.
 */
export function buildNameTable<T>(targets: ReadonlyMap<string, T>): TcpTable<T> {
  const specific = new Map([...targets].map(([name, target]) => [plainHost(name), { target, catchAll: false }]))
  const others = specific.get('*')
  // Else it would be the wildcard of names with a single label.
  specific.delete('*')
  const catchAll = others && { ...others, catchAll: true }
  return {
    size: targets.size,
    find: ({ serverName }) => {
      if (serverName === '') return catchAll
      const name = plainHost(serverName)
      const dot = name.indexOf('.')
      return specific.get(name) ?? specific.get(`*${dot < 0 ? '' : name.slice(dot)}`) ?? catchAll
    },
  }
}

/** The routes of one entry point that are chosen before a byte of HTTP is read. */
export interface EntryPointRoutes<Https, Tcp> {
  readonly https: TcpTable<Https>
  /** TCP routes with TLS, passthrough or not. */
  readonly tcpTls: TcpTable<Tcp>
  readonly tcp: TcpTable<Tcp>
}

/** What the first bytes of a connection are. */
export type Opening = 'tls' | 'postgres' | 'plaintext'

export type Choice<Https, Tcp> =
  | { readonly kind: 'https'; readonly target: Https }
  /** TLS under the default options; whoever comes this way meets a 404 inside. */
  | { readonly kind: 'httpsDefault' }
  | { readonly kind: 'tcpTls'; readonly target: Tcp }
  | { readonly kind: 'tcp'; readonly target: Tcp }
  | { readonly kind: 'http' }
  | { readonly kind: 'close' }

/** Where a connection goes, in Traefik's order. `postgres`: an SSLRequest came before the ClientHello. */
export function chooseRoute<Https, Tcp>(
  routes: EntryPointRoutes<Https, Tcp>,
  opening: Opening,
  facts: TcpFacts,
): Choice<Https, Tcp> {
  if (opening === 'plaintext') return choosePlaintext(routes, facts) ?? { kind: 'http' }
  const tcpTls = routes.tcpTls.find(facts)
  if (opening === 'postgres') return tcpTls ? { kind: 'tcpTls', target: tcpTls.target } : { kind: 'close' }
  const https = routes.https.find(facts)
  if (https !== undefined && (!https.catchAll || tcpTls === undefined || tcpTls.catchAll)) {
    return { kind: 'https', target: https.target }
  }
  return tcpTls ? { kind: 'tcpTls', target: tcpTls.target } : { kind: 'httpsDefault' }
}

/**
 * The choice that must be made before a byte is read, for protocols in which the server speaks first. Undefined when the
 * first bytes have to be seen.
 */
export function chooseUnread<Https, Tcp>(
  routes: EntryPointRoutes<Https, Tcp>,
  clientAddress: string,
): Choice<Https, Tcp> | undefined {
  if (routes.tcp.size === 0 || routes.tcpTls.size > 0 || routes.https.size > 0) return undefined
  return choosePlaintext(routes, { serverName: '', alpn: [], clientAddress })
}

function choosePlaintext<Https, Tcp>(
  routes: EntryPointRoutes<Https, Tcp>,
  facts: TcpFacts,
): Choice<Https, Tcp> | undefined {
  const found = routes.tcp.find(facts)
  return found && { kind: 'tcp', target: found.target }
}
