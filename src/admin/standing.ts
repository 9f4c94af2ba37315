import type { Section } from '../config/dynamic-element.ts'
import { formatProblem } from '../config/problem.ts'
import type { ElementFailure } from '../provider/define.ts'
import type { Status } from '../snapshot/status.ts'
import type { View } from './view.ts'

export interface Standing {
  readonly status: Status
  readonly errors: readonly string[]
}

/** How each element fares: by what building it has shown, and by what could not even be decoded. */
export class Standings {
  readonly #view: View
  readonly #failures = new Map<string, ElementFailure>()

  constructor(view: View) {
    this.#view = view
    for (const failure of view.failed) {
      if (failure.name !== undefined) this.#failures.set(`${failure.section}/${failure.name}`, failure)
    }
  }

  /** Of an element that is in use, if only in its last good version. */
  of(section: Section, name: string): Standing {
    const { status, errors } = this.#view.snapshot.board.statusOf(section, name)
    const failure = this.#failures.get(`${section}/${name}`)
    if (failure === undefined) return { status, errors }
    const all = [...failure.problems.map(formatProblem), 'the last good version stays in use', ...errors]
    return { status: status === 'disabled' ? status : 'warning', errors: all }
  }

  /** Those that are not in use, for want of a good version. */
  lost(section: Section): readonly LostElement[] {
    const elements: ReadonlyMap<string, unknown> = this.#view.dynamic[section]
    const failures = [...this.#failures.values()].filter((failure) => failure.section === section)
    return failures.flatMap(({ name = '', problems }) => {
      return elements.has(name) ? [] : [{ name, errors: problems.map(formatProblem) }]
    })
  }
}

export interface LostElement {
  readonly name: string
  readonly errors: readonly string[]
}
