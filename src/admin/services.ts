import type { HttpService, TcpService } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { Steps } from '../config/steps.ts'
import { withoutPassword } from '../config/written-out.ts'
import { providerOf } from '../snapshot/reference.ts'
import { elementItems } from './element-items.ts'
import { statusFields, type Item } from './item.ts'
import { innerNode, kindFields } from './kind-fields.ts'
import { httpRouterItems, tcpRouterItems } from './routers.ts'
import type { Standing } from './standing.ts'
import { usageBy, usedByFields } from './usage.ts'
import type { View } from './view.ts'

export function* httpServiceItems(view: View): Steps<Item[]> {
  const { services: users } = yield* usageBy(yield* httpRouterItems(view))
  const elements = view.dynamic.httpServices
  const items = yield* elementItems({ view, section: 'httpServices', elements }, (element, standing) => [
    serviceItem(element, { standing, users: users.get(element.name), view }),
  ])
  return [...view.internalServices.map((name) => internalItem(name, users.get(name))), ...items]
}

export function* tcpServiceItems(view: View): Steps<Item[]> {
  const { services: users } = yield* usageBy(yield* tcpRouterItems(view))
  const elements = view.dynamic.tcpServices
  return yield* elementItems({ view, section: 'tcpServices', elements }, (element, standing) => [
    serviceItem(element, { standing, users: users.get(element.name), view: undefined }),
  ])
}

function internalItem(name: string, users: readonly string[] | undefined): Item {
  const status = 'enabled'
  return { name, provider: providerOf(name), status, describe: () => ({ status, ...usedByFields(users) }) }
}

interface Surroundings {
  readonly standing: Standing
  readonly users: readonly string[] | undefined
  /** Undefined where nobody watches servers. */
  readonly view: View | undefined
}

function serviceItem(element: Element<HttpService | TcpService>, { standing, users, view }: Surroundings): Item {
  const { name } = element
  const { definition } = element.value
  return {
    name,
    provider: providerOf(name),
    status: standing.status,
    type: definition.name.toLowerCase(),
    servers: serverUrls(element).length,
    describe: () => ({
      ...kindFields(element),
      ...middlewareFields(element.value),
      ...statusFields(standing),
      ...usedByFields(users),
      ...(view && serverStatusFields(element, view)),
    }),
  }
}

function middlewareFields({ beside }: HttpService | TcpService): object {
  return 'middlewares' in beside && beside.middlewares.length > 0 ? { middlewares: beside.middlewares } : {}
}

/** Servers that nobody watches are up (Traefik). Of a service that no router has led to nothing is known. */
function serverStatusFields(element: Element<HttpService | TcpService>, { snapshot }: View): object {
  const handle = snapshot.services.get(element.name)
  if (handle === undefined) return {}
  const watched = handle.status?.servers ?? new Map(serverUrls(element).map((url) => [url, true]))
  const entries = [...watched].map(([url, isUp]) => [withoutPassword(url), isUp ? 'UP' : 'DOWN'])
  return entries.length === 0 ? {} : { serverStatus: Object.fromEntries(entries) }
}

/** As written; a service of services has none. */
function serverUrls({ node, value }: Element<HttpService | TcpService>): readonly string[] {
  const kind = innerNode(node, value.definition.name)
  const servers = kind && innerNode(kind, 'servers')
  if (servers?.kind !== 'list') return []
  return servers.items.flatMap((server) => {
    const url = innerNode(server, 'url') ?? innerNode(server, 'address')
    return url?.kind === 'scalar' ? [url.text] : []
  })
}
