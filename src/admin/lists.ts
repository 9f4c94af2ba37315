import type { Steps } from '../config/steps.ts'
import type { Item } from './item.ts'
import { httpMiddlewareItems, tcpMiddlewareItems } from './middlewares.ts'
import { httpRouterItems, tcpRouterItems } from './routers.ts'
import { httpServiceItems, tcpServiceItems } from './services.ts'
import type { View } from './view.ts'

/** What `/api/<protocol>/<plural>` lists. */
export interface List {
  readonly protocol: 'http' | 'tcp' | 'udp'
  readonly plural: 'routers' | 'services' | 'middlewares'
  /** For messages: `router`. */
  readonly noun: string
  /** The key in `/api/rawdata`. */
  readonly rawKey: string
  items(view: View): Steps<Item[]>
}

/** There is no UDP yet. */
function* noItems(): Steps<Item[]> {
  return []
}

/** In the order of `/api/rawdata`. */
export const lists: readonly List[] = [
  { protocol: 'http', plural: 'routers', noun: 'router', rawKey: 'routers', items: httpRouterItems },
  { protocol: 'http', plural: 'middlewares', noun: 'middleware', rawKey: 'middlewares', items: httpMiddlewareItems },
  { protocol: 'http', plural: 'services', noun: 'service', rawKey: 'services', items: httpServiceItems },
  { protocol: 'tcp', plural: 'routers', noun: 'router', rawKey: 'tcpRouters', items: tcpRouterItems },
  { protocol: 'tcp', plural: 'middlewares', noun: 'middleware', rawKey: 'tcpMiddlewares', items: tcpMiddlewareItems },
  { protocol: 'tcp', plural: 'services', noun: 'service', rawKey: 'tcpServices', items: tcpServiceItems },
  { protocol: 'udp', plural: 'routers', noun: 'router', rawKey: 'udpRouters', items: noItems },
  { protocol: 'udp', plural: 'services', noun: 'service', rawKey: 'udpServices', items: noItems },
]
