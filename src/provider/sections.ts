import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Elements, Section } from '../config/dynamic-element.ts'

/** Makes one configuration of several, section by section; the one place that lists the sections. */
export function combineSections(
  configurations: readonly DynamicConfiguration[],
  combine: <T>(section: Section, parts: readonly Elements<T>[]) => Elements<T>,
): DynamicConfiguration {
  return {
    httpRouters: combine(
      'httpRouters',
      configurations.map((each) => each.httpRouters),
    ),
    httpServices: combine(
      'httpServices',
      configurations.map((each) => each.httpServices),
    ),
    httpMiddlewares: combine(
      'httpMiddlewares',
      configurations.map((each) => each.httpMiddlewares),
    ),
    httpServersTransports: combine(
      'httpServersTransports',
      configurations.map((each) => each.httpServersTransports),
    ),
    tcpRouters: combine(
      'tcpRouters',
      configurations.map((each) => each.tcpRouters),
    ),
    tcpServices: combine(
      'tcpServices',
      configurations.map((each) => each.tcpServices),
    ),
    tcpMiddlewares: combine(
      'tcpMiddlewares',
      configurations.map((each) => each.tcpMiddlewares),
    ),
    tcpServersTransports: combine(
      'tcpServersTransports',
      configurations.map((each) => each.tcpServersTransports),
    ),
    tlsCertificates: combine(
      'tlsCertificates',
      configurations.map((each) => each.tlsCertificates),
    ),
    tlsOptions: combine(
      'tlsOptions',
      configurations.map((each) => each.tlsOptions),
    ),
    tlsStores: combine(
      'tlsStores',
      configurations.map((each) => each.tlsStores),
    ),
  }
}

export const emptyConfiguration: DynamicConfiguration = combineSections([], () => new Map())

/** Text that is the same for configurations that say the same, wherever it stands in their documents. */
export function fingerprintOf(configuration: DynamicConfiguration): string {
  const parts: string[] = []
  combineSections([configuration], (section, [elements]) => {
    for (const [name, { fingerprint }] of elements ?? [])
      parts.push(`${section} ${JSON.stringify(name)} ${fingerprint}`)
    return elements ?? new Map()
  })
  return parts.toSorted().join('\n')
}
