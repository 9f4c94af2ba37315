import { createHash } from 'node:crypto'
import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Elements, Section } from '../config/dynamic-element.ts'
import { atOnce, type Steps } from '../config/steps.ts'

/** Makes one configuration of several, section by section. */
export function combineSections(
  configurations: readonly DynamicConfiguration[],
  combine: <T>(section: Section, parts: readonly Elements<T>[]) => Elements<T>,
): DynamicConfiguration {
  return atOnce(
    combineSectionsSteps(configurations, function* (section, parts) {
      return combine(section, parts)
    }),
  )
}

/** The one place that lists the sections. */
export function* combineSectionsSteps(
  configurations: readonly DynamicConfiguration[],
  combine: <T>(section: Section, parts: readonly Elements<T>[]) => Steps<Elements<T>>,
): Steps<DynamicConfiguration> {
  return {
    httpRouters: yield* combine(
      'httpRouters',
      configurations.map((each) => each.httpRouters),
    ),
    httpServices: yield* combine(
      'httpServices',
      configurations.map((each) => each.httpServices),
    ),
    httpMiddlewares: yield* combine(
      'httpMiddlewares',
      configurations.map((each) => each.httpMiddlewares),
    ),
    httpServersTransports: yield* combine(
      'httpServersTransports',
      configurations.map((each) => each.httpServersTransports),
    ),
    tcpRouters: yield* combine(
      'tcpRouters',
      configurations.map((each) => each.tcpRouters),
    ),
    tcpServices: yield* combine(
      'tcpServices',
      configurations.map((each) => each.tcpServices),
    ),
    tcpMiddlewares: yield* combine(
      'tcpMiddlewares',
      configurations.map((each) => each.tcpMiddlewares),
    ),
    tcpServersTransports: yield* combine(
      'tcpServersTransports',
      configurations.map((each) => each.tcpServersTransports),
    ),
    tlsCertificates: yield* combine(
      'tlsCertificates',
      configurations.map((each) => each.tlsCertificates),
    ),
    tlsOptions: yield* combine(
      'tlsOptions',
      configurations.map((each) => each.tlsOptions),
    ),
    tlsStores: yield* combine(
      'tlsStores',
      configurations.map((each) => each.tlsStores),
    ),
  }
}

export const emptyConfiguration: DynamicConfiguration = combineSections([], () => new Map())

/** In characters: each call into the hash costs more than the hashing of a few elements. */
const hashedAtOnce = 16_384

/** The same for configurations that say the same, wherever it stands in their documents. */
export function* digestOf(configuration: DynamicConfiguration): Steps<string> {
  const hash = createHash('sha256')
  yield* combineSectionsSteps([configuration], function* (section, [elements = new Map()]) {
    let batch = ''
    for (const name of [...elements.keys()].toSorted()) {
      batch += `${section} ${JSON.stringify(name)} ${elements.get(name)?.fingerprint}\n`
      if (batch.length < hashedAtOnce) continue
      hash.update(batch)
      batch = ''
      yield
    }
    hash.update(batch)
    return elements
  })
  return hash.digest('hex')
}
