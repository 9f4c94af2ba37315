import type { DynamicConfiguration, DynamicDecoding } from '../config/dynamic.ts'
import type { Element, Elements, FailedElement, Section } from '../config/dynamic-element.ts'
import type { Problem } from '../config/problem.ts'
import type { ElementFailure } from './define.ts'
import { combineSections, emptyConfiguration } from './sections.ts'

/** What is known of one file: what it says now as far as it is good, and what it said before where it is not. */
export interface FileState {
  readonly path: string
  /** As last read; undefined when it could not be. */
  readonly text: string | undefined
  readonly configuration: DynamicConfiguration
  readonly problems: readonly Problem[]
  readonly failed: readonly ElementFailure[]
}

interface Reading {
  readonly path: string
  readonly previous: FileState | undefined
  readonly text?: string
}

/** A file of which nothing can be used: all that it said when it was last good stays. */
export function unreadable({ path, previous, text }: Reading, problems: readonly Problem[]): FileState {
  const configuration = previous?.configuration ?? emptyConfiguration
  const own = problems.filter((problem) => problem.severity === 'error')
  const failed: ElementFailure[] = []
  combineSections([configuration], (section, [elements = new Map()]) => {
    for (const element of elements.values()) failed.push({ ...failureOf(section, element, own), isLastGoodKept: true })
    return elements
  })
  return { path, text, configuration, problems, failed }
}

/** A file that can be read: each bad element is replaced by its last good version if there was one. */
export function keepLastGood({ path, previous, text }: Reading, decoding: DynamicDecoding): FileState {
  const before = previous?.configuration ?? emptyConfiguration
  const kept = new Set<string>()
  const configuration = combineSections([decoding.configuration, before], (section, [now, then]) => {
    const names = decoding.failed.filter((failure) => failure.section === section).map(({ name }) => name)
    const { elements, keptNames } = withLastGood(now ?? new Map(), then ?? new Map(), names)
    for (const name of keptNames) kept.add(keyOf(section, name))
    return elements
  })
  const failed = decoding.failed.flatMap((failure) => describeKept(failure, before, kept))
  return { path, text, configuration, problems: decoding.problems, failed }
}

/** `names` are the elements that failed now; undefined stands for all of the section. */
function withLastGood<T>(
  now: Elements<T>,
  then: Elements<T>,
  names: readonly (string | undefined)[],
): { elements: Elements<T>; keptNames: readonly string[] } {
  if (names.length === 0) return { elements: now, keptNames: [] }
  const wanted = names.includes(undefined) ? [...then.keys()] : names.filter((name) => name !== undefined)
  const elements = new Map(now)
  const keptNames: string[] = []
  for (const name of wanted) {
    const lastGood = then.get(name)
    if (lastGood === undefined || elements.has(name)) continue
    elements.set(name, lastGood)
    keptNames.push(name)
  }
  return { elements, keptNames }
}

/** A section that failed as a whole is told once for each element that is kept from it, and is a mere problem without. */
function describeKept(
  failure: FailedElement,
  before: DynamicConfiguration,
  kept: ReadonlySet<string>,
): readonly ElementFailure[] {
  const { section, name } = failure
  if (name !== undefined) return [{ ...failure, isLastGoodKept: kept.has(keyOf(section, name)) }]
  return [...before[section].values()].map(({ name: each, path }) => {
    return { ...failure, name: each, path, isLastGoodKept: true }
  })
}

function failureOf(section: Section, element: Element<unknown>, problems: readonly Problem[]): FailedElement {
  const { name, provider, path, source } = element
  return { section, name, provider, path, source, problems }
}

function keyOf(section: Section, name: string): string {
  return `${section} ${name}`
}
