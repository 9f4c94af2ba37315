import type { StaticConfiguration } from '../config/static.ts'
import type { Steps } from '../config/steps.ts'
import type { Status } from '../snapshot/status.ts'
import { lists } from './lists.ts'
import { Standings } from './standing.ts'
import type { View } from './view.ts'

interface Counts {
  readonly total: number
  readonly warnings: number
  readonly errors: number
}

/** How many there are of each, how many of them are in trouble, and what is switched on. */
export function* overview(view: View): Steps<object> {
  const counts: Record<'http' | 'tcp' | 'udp', Record<string, Counts>> = { http: {}, tcp: {}, udp: {} }
  for (const { protocol, plural, items } of lists) counts[protocol][plural] = countsOf(yield* items(view))
  return { ...counts, certificates: certificateCounts(view), ...switchedOn(view.static) }
}

function countsOf(items: readonly { readonly status: Status }[]): Counts {
  let [warnings, errors] = [0, 0]
  for (const { status } of items) {
    if (status === 'warning') warnings += 1
    if (status === 'disabled') errors += 1
  }
  return { total: items.length, warnings, errors }
}

function certificateCounts(view: View): Counts {
  const standings = new Standings(view)
  const lost = standings.lost('tlsCertificates').map(() => ({ status: 'disabled' as const }))
  const others = [...view.dynamic.tlsCertificates.keys()].map((name) => standings.of('tlsCertificates', name))
  return countsOf([...lost, ...others])
}

function switchedOn({ tracing, accessLog, providers }: StaticConfiguration) {
  const { providersThrottleDuration: _, precedence: __, ...kinds } = providers
  const configured = Object.entries(kinds).filter(([, options]) => options !== undefined)
  return {
    features: { tracing: tracing === undefined ? '' : 'OTLP', metrics: '', accessLog: accessLog !== undefined },
    providers: configured.map(([name]) => typeName(name)),
  }
}

/** Traefik tells the names of Go types: `File`. */
function typeName(provider: string): string {
  return provider.charAt(0).toUpperCase() + provider.slice(1)
}
