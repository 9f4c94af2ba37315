import type { ListenAddress } from '../config/address.ts'
import { entryPoint } from '../config/static-entry-point.ts'
import type { EntryPointConfiguration, StaticConfiguration } from '../config/static.ts'
import { valueWrittenOut } from '../config/written-out.ts'

/** As configured, defaults filled in. */
export function describeEntryPoint(name: string, configuration: EntryPointConfiguration): object {
  const written = valueWrittenOut({ ...configuration, address: addressText(configuration.address) }, entryPoint)
  return { ...Object(written), name }
}

export function describeEntryPoints({ entryPoints }: StaticConfiguration): object[] {
  const names = [...entryPoints.keys()].toSorted()
  return names.map((name) => describeEntryPoint(name, entryPoints.get(name)!))
}

function addressText({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
