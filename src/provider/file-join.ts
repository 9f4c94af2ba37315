import type { DynamicConfiguration } from '../config/dynamic.ts'
import { sectionPaths, type Element, type Elements, type Section } from '../config/dynamic-element.ts'
import { formatSource, type Problem } from '../config/problem.ts'
import type { Steps } from '../config/steps.ts'
import type { FileState } from './file-state.ts'
import { combineSectionsSteps } from './sections.ts'

export interface JoinedFiles {
  readonly configuration: DynamicConfiguration
  readonly problems: readonly Problem[]
}

/** One configuration of many files, in their order: of two elements with one name the first is taken. */
export function* joinFiles(files: readonly FileState[]): Steps<JoinedFiles> {
  const problems = files.flatMap((file) => file.problems)
  const warn = (source: Problem['source'], path: string, message: string): void => {
    problems.push({ severity: 'warning', source, path, message })
  }
  const configurations = files.map((file) => file.configuration)
  const configuration = yield* combineSectionsSteps(configurations, (section, parts) =>
    joined({ section, parts, warn }),
  )
  return { configuration, problems }
}

interface Joining<T> {
  readonly section: Section
  readonly parts: readonly Elements<T>[]
  readonly warn: (source: Problem['source'], path: string, message: string) => void
}

function* joined<T>({ section, parts, warn }: Joining<T>): Steps<Elements<T>> {
  const [first = new Map(), ...others] = parts.filter((part) => part.size > 0)
  if (others.length === 0 && section !== 'tlsCertificates') return first
  const elements = new Map<string, Element<T>>()
  const byIdentity = new Map<string, Element<T>>()
  for (const element of parts.flatMap((part) => [...part.values()])) {
    // Certificates have no names: the same one in two files is the duplicate.
    const identity = section === 'tlsCertificates' ? element.fingerprint : element.name
    const known = byIdentity.get(identity)
    if (known === undefined) {
      byIdentity.set(identity, element)
      elements.set(element.name, element)
    } else {
      const path = section === 'tlsCertificates' ? sectionPaths[section] : element.path
      warn(element.source, path, `is configured already at ${formatSource(known.source)}, which is used`)
    }
    yield
  }
  return elements
}
