import type { Steps } from '../config/steps.ts'
import type { HttpsTarget } from '../listen/connection-routes.ts'
import { buildNameTable, type TcpTable } from '../route/tcp-router.ts'
import type { BuiltRouter } from './http-routers.ts'
import type { StatusBoard } from './status.ts'
import type { SnapshotTls } from './tls.ts'

export interface HttpsNames {
  /** Server name → how TLS is spoken with it. */
  readonly table: TcpTable<HttpsTarget>
  /** The routers that serve TLS, with the options in force; one with broken options is not among them. */
  readonly routers: readonly BuiltRouter[]
}

/**
 * Which TLS options a connection gets is decided by its server name alone, before any request. Routers of one host that
 * want different ones all fall back to `default`, with a warning (Traefik §2.5).
 */
export function* httpsNames(routers: readonly BuiltRouter[], tls: SnapshotTls, board: StatusBoard): Steps<HttpsNames> {
  const overTls = routers.filter((router) => router.tls !== undefined)
  const optionsByHost = wantedOptions(overTls, board)
  yield
  const targets = new Map<string, HttpsTarget>()
  for (const [host, names] of optionsByHost) {
    const [first = 'default'] = names
    targets.set(host, { terms: tls.terms(names.size === 1 ? first : 'default') })
  }
  yield
  const usable = overTls.filter((router) => {
    const optionsName = router.tls?.optionsName ?? 'default'
    if (tls.terms(optionsName) !== undefined) return true
    board.disable('httpRouters', router.element, {
      message: `unknown or broken TLS options "${optionsName}"`,
      keys: ['tls', 'options'],
    })
    return false
  })
  warnOfConflicts(usable, optionsByHost, board)
  yield
  return { table: buildNameTable(targets), routers: usable.map((router) => withOptionsInForce(router, optionsByHost)) }
}

function wantedOptions(routers: readonly BuiltRouter[], board: StatusBoard): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>()
  for (const { tls, element } of routers) {
    const { domains = [], optionsName = 'default' } = tls ?? {}
    const isNameless = domains.length === 0
    if (isNameless && optionsName !== 'default') {
      const message = `no Host matcher in the rule, so its TLS options "${optionsName}" are never chosen`
      board.warn('httpRouters', element, { message, keys: ['tls', 'options'] })
    }
    for (const host of isNameless ? ['*'] : domains) {
      const names = wanted.get(host) ?? new Set()
      wanted.set(host, names.add(isNameless ? 'default' : optionsName))
    }
  }
  return wanted
}

/** The options that the handshakes of a router's hosts really use. */
function withOptionsInForce(router: BuiltRouter, optionsByHost: ReadonlyMap<string, ReadonlySet<string>>): BuiltRouter {
  const { domains = [], optionsName = 'default' } = router.tls ?? {}
  const isContested = domains.some((domain) => (optionsByHost.get(domain)?.size ?? 0) > 1)
  const inForce = domains.length === 0 || isContested ? 'default' : optionsName
  return { ...router, tls: { domains, optionsName: inForce } }
}

function warnOfConflicts(
  routers: readonly BuiltRouter[],
  optionsByHost: ReadonlyMap<string, ReadonlySet<string>>,
  board: StatusBoard,
): void {
  for (const { tls, element } of routers) {
    const host = tls?.domains.find((domain) => (optionsByHost.get(domain)?.size ?? 0) > 1)
    if (host === undefined) continue
    const names = [...optionsByHost.get(host)!].sort().join(', ')
    const message = `routers of the host "${host}" want different TLS options (${names}): all of them get "default"`
    board.warn('httpRouters', element, { message })
  }
}
