import type { Element, Elements, Section } from '../config/dynamic-element.ts'
import { formatSource, sortProblems, type Problem } from '../config/problem.ts'
import { atOnce, type Steps } from '../config/steps.ts'
import type { ElementFailure, ProviderUpdate } from './define.ts'
import { combineSectionsSteps } from './sections.ts'

/** The configurations of all providers as one; every name, of failed elements too, is `name@provider`. */
export type MergedConfiguration = ProviderUpdate

/** Providers by name, in the order in which they are configured. */
export function mergeProviders(updates: ReadonlyMap<string, ProviderUpdate>): MergedConfiguration {
  return atOnce(mergeProvidersSteps(updates))
}

/** The same for two sets of updates that make the same merged configuration. */
export function mergedDigest(updates: ReadonlyMap<string, ProviderUpdate>): string {
  return [...updates].map(([name, update]) => `${name}:${update.digest}`).join(' ')
}

export function* mergeProvidersSteps(updates: ReadonlyMap<string, ProviderUpdate>): Steps<MergedConfiguration> {
  const all = [...updates.values()]
  const problems = all.flatMap((update) => [...update.problems])
  const failed = all.flatMap((update) => update.failed.map(qualifiedFailure))
  const configurations = all.map((update) => update.configuration)
  const configuration = yield* combineSectionsSteps(configurations, (section, parts) =>
    merged({ section, parts, problems, failed }),
  )
  return { configuration, problems: sortProblems(problems), failed, digest: mergedDigest(updates) }
}

interface Merging<T> {
  readonly section: Section
  readonly parts: readonly Elements<T>[]
  /** Conflicts are added to these two. */
  readonly problems: Problem[]
  readonly failed: ElementFailure[]
}

function* merged<T>({ section, parts, problems, failed }: Merging<T>): Steps<Elements<T>> {
  const elements = new Map<string, Element<T>>()
  const defaults: Element<T>[] = []
  for (const element of parts.flatMap((part) => [...part.values()])) {
    const name = nameInAll(section, element.name, element.provider)
    if (name === 'default') defaults.push(element)
    else elements.set(name, { ...element, name })
    yield
  }
  const [first, ...others] = defaults
  if (first === undefined) return elements
  if (others.length === 0) return elements.set('default', first)
  for (const element of defaults) {
    const failure = conflict(section, element, defaults)
    problems.push(...failure.problems)
    failed.push(failure)
  }
  return elements
}

/** Stores and options called `default` are everybody's; two providers that give one can't both be right (Traefik §2.5). */
function conflict<T>(section: Section, element: Element<T>, all: readonly Element<T>[]): ElementFailure {
  const { path, source, provider } = element
  const others = all.filter((other) => other !== element).map((other) => formatSource(other.source))
  const message = `"default" is configured by more than one provider, so none counts (also at ${others.join(', ')})`
  const problem: Problem = { severity: 'error', source, path, message }
  return { section, name: 'default', provider, path, source, problems: [problem], isLastGoodKept: false }
}

function qualifiedFailure(failure: ElementFailure): ElementFailure {
  const { section, name, provider } = failure
  return name === undefined ? failure : { ...failure, name: nameInAll(section, name, provider) }
}

function nameInAll(section: Section, name: string, provider: string): string {
  const isShared = section === 'tlsOptions' || section === 'tlsStores'
  return isShared && name === 'default' ? name : `${name}@${provider}`
}
