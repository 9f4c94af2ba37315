import { parseDocument } from '../config/document.ts'
import { decodeDynamic } from '../config/dynamic.ts'
import { internalEntryPoint, type EntryPointConfiguration, type StaticConfiguration } from '../config/static.ts'
import type { Provider, ProviderUpdate } from '../provider/define.ts'
import { Latest } from '../provider/latest.ts'

export interface InternalProviderOptions {
  readonly static: StaticConfiguration
  /** A router that sends everything to the built-in whoami: what runs when nothing is configured. */
  readonly servesWhoami: boolean
  /** Where an entry point really listens, once it does: a redirection to port 0 needs to know. */
  boundPort(entryPoint: string): number | undefined
}

/** The routers that follow from the static configuration, as a provider like any other: `name@internal`. */
export function internalProvider(options: InternalProviderOptions): Provider {
  const updates = new Latest<ProviderUpdate>()
  updates.put(internalUpdate(options))
  return {
    name: 'internal',
    isLocal: true,
    isThrottled: false,
    start: () => updates,
    reload: () => updates.put(internalUpdate(options)),
    close: () => updates.close(),
  }
}

function internalUpdate({ static: settings, servesWhoami, boundPort }: InternalProviderOptions): ProviderUpdate {
  const { entryPoints } = settings
  const routers = ownRouters(settings)
  const middlewares: Record<string, unknown> = {}
  if (servesWhoami) routers['whoami'] = { rule: 'PathPrefix(`/`)', service: 'whoami' }
  const portOf = (name: string) => boundPort(name) ?? entryPoints.get(name)?.address.port
  const collected: Collected = { portOf, routers, middlewares }
  for (const [name, entryPoint] of entryPoints) addRedirection(name, entryPoint, collected)
  const http = {
    ...(Object.keys(routers).length === 0 ? {} : { routers }),
    ...(Object.keys(middlewares).length === 0 ? {} : { middlewares }),
  }
  const text = JSON.stringify(Object.keys(http).length === 0 ? {} : { http })
  const file = 'internal'
  const { node } = parseDocument({ file, text, format: 'json' })
  const { configuration, problems } = decodeDynamic(node, { provider: 'internal', file, text })
  return { configuration, problems, failed: [], digest: text }
}

const greatestPriority = 2n ** 63n - 1n

/** What `api` and `ping` ask for (Traefik §1.10). */
function ownRouters({ api, ping }: StaticConfiguration): Record<string, unknown> {
  const routers: Record<string, unknown> = {}
  if (api?.insecure === true) {
    const rule = `PathPrefix(\`${api.basePath.replace(/\/+$/, '')}/api\`)`
    const priority = String(greatestPriority - 1n)
    routers['api'] = { rule, entryPoints: [internalEntryPoint], service: 'api', priority }
  }
  if (ping !== undefined && !ping.manualRouting) {
    const priority = String(greatestPriority)
    routers['ping'] = { rule: 'PathPrefix(`/ping`)', entryPoints: [ping.entryPoint], service: 'ping', priority }
  }
  return routers
}

interface Collected {
  portOf(entryPoint: string): number | undefined
  readonly routers: Record<string, unknown>
  readonly middlewares: Record<string, unknown>
}

/** `http.redirections.entryPoint` (Traefik §1.10). */
function addRedirection(name: string, { http }: EntryPointConfiguration, collected: Collected): void {
  const redirection = http.redirections?.entryPoint
  if (redirection === undefined) return
  const { to, scheme, permanent, priority } = redirection
  const port = to.startsWith(':') ? to.slice(1) : String(collected.portOf(to) ?? '')
  const title = `${name}-to-${to}`.replace(/[^a-zA-Z0-9]/g, '-')
  collected.routers[title] = {
    rule: 'HostRegexp(`^.+$`)',
    entryPoints: [name],
    middlewares: [`redirect-${title}`],
    service: 'noop',
    priority: String(priority),
  }
  collected.middlewares[`redirect-${title}`] = { redirectScheme: { scheme, port, permanent } }
}
