import { writeFileSync } from 'node:fs'
import type { BoundEntryPoint } from '../app.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { Log } from '../observe/log.ts'

export interface Announced {
  readonly configuration: StaticConfiguration
  readonly servesWhoami: boolean
  readonly log: Log
}

/** Tells where the entry points listen. */
export function announce(bound: readonly BoundEntryPoint[], { configuration, servesWhoami, log }: Announced): void {
  // Written at once and not by console.log: whoever started the process waits for this very line.
  writeFileSync(1, `sluice ready: ${bound.map(({ name, address }) => `${name}=${address}`).join(' ')}\n`)
  if (configuration.api?.dashboard === true) {
    log.info('api.dashboard: there are no dashboard pages yet, /dashboard/ answers 404; the API itself is there')
  }
  if (!servesWhoami) {
    if (hasProvider(configuration)) return
    console.error('sluice: no provider is configured, so there are no routers (providers.file.filename names a file)')
    return
  }
  const [first] = bound
  if (first === undefined) return
  const port = first.address.slice(first.address.lastIndexOf(':') + 1)
  writeFileSync(1, `No configuration found, so whoami answers everything. Try: curl http://127.0.0.1:${port}/\n`)
}

/** Without one every request is answered with 404, and nothing else would say why. */
function hasProvider({ providers }: StaticConfiguration): boolean {
  const { providersThrottleDuration: _, precedence: __, ...kinds } = providers
  return Object.values(kinds).some((options) => options !== undefined)
}
