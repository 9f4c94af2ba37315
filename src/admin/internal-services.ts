import type { StaticConfiguration } from '../config/static.ts'
import type { Handler } from '../http/message.ts'
import { notFound, reply } from '../http/reply.ts'
import { whoami } from '../service/whoami.ts'
import { api } from './api.ts'
import { ping } from './ping.ts'
import type { View } from './view.ts'

export interface InternalServicesOptions {
  readonly static: Pick<StaticConfiguration, 'api' | 'ping'>
  /** Undefined while there is no configuration yet. */
  readonly view: () => View | undefined
  readonly isTerminating: () => boolean
}

/** The services that the program itself is, which any router may name (Traefik §1.10). */
export function internalServices({ static: settings, view, isTerminating }: InternalServicesOptions) {
  const services = new Map<string, Handler>([
    ['noop@internal', () => Promise.resolve(reply(418, ''))],
    ['whoami@internal', whoami({ name: undefined })],
  ])
  const { api: apiSettings, ping: pingSettings } = settings
  if (apiSettings !== undefined) services.set('api@internal', api({ basePath: apiSettings.basePath, view }))
  // Its pages are not there yet, but routers for them may be.
  if (apiSettings?.dashboard === true) services.set('dashboard@internal', () => Promise.resolve(notFound()))
  if (pingSettings !== undefined) {
    const { terminatingStatusCode } = pingSettings
    services.set('ping@internal', ping({ terminatingStatusCode, isTerminating }))
  }
  return services
}
