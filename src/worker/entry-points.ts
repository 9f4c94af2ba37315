import type { StaticConfiguration } from '../config/static.ts'
import type { BoundEntryPoint } from '../app.ts'
import { listenHostname, listenProblem } from '../listen/listen-address.ts'
import { listen } from '../net/listen.ts'

/** The port that each entry point has got. */
export type Ports = ReadonlyMap<string, number>

/** The same configuration with entry points that several processes can open: SO_REUSEPORT, and no port left to chance. */
export function withSharedEntryPoints(configuration: StaticConfiguration, ports: Ports): StaticConfiguration {
  const shared = [...configuration.entryPoints].map(([name, entryPoint]) => {
    const port = ports.get(name) ?? entryPoint.address.port
    return [name, { ...entryPoint, reusePort: true, address: { ...entryPoint.address, port } }] as const
  })
  return { ...configuration, entryPoints: new Map(shared) }
}

export function portsOf(bound: readonly BoundEntryPoint[]): Ports {
  return new Map(bound.map(({ name, address }) => [name, Number(address.slice(address.lastIndexOf(':') + 1))]))
}

/** Ports that were given for port 0 and stay when the configuration changes around them. */
export function keptPorts(next: StaticConfiguration, before: StaticConfiguration, ports: Ports): Ports {
  const kept = [...ports].filter(([name]) => {
    const now = next.entryPoints.get(name)?.address
    const then = before.entryPoints.get(name)?.address
    return now?.port === 0 && then?.port === 0 && now.host === then.host
  })
  return new Map(kept)
}

/**
 * What makes it impossible to listen; undefined when nothing does. SO_REUSEPORT would let two proxies that know nothing
 * of each other share a port, each with half of the connections, so that each address is tried without it first.
 */
export function findTakenAddress({ entryPoints }: StaticConfiguration, own: Ports): string | undefined {
  const ownPorts = new Set(own.values())
  for (const [name, { address, reusePort }] of entryPoints) {
    if (reusePort || address.port === 0 || ownPorts.has(address.port)) continue
    const place = { hostname: listenHostname(address), port: address.port }
    try {
      listen({ ...place, reusePort: false, accept: (connection) => connection.close() }).stop()
    } catch (thrown) {
      return listenProblem(name, place, thrown)
    }
  }
  return undefined
}
