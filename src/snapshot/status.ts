import { sourceWithin, type Element, type Section } from '../config/dynamic-element.ts'
import type { Problem } from '../config/problem.ts'

/** How an element of the configuration fares: `warning` works with reservations, `disabled` does not exist for traffic. */
export type Status = 'enabled' | 'warning' | 'disabled'

export interface ElementStatus {
  readonly section: Section
  /** Qualified, `app@file`. */
  readonly name: string
  readonly status: Status
  readonly errors: readonly string[]
}

/** Gathers, while a snapshot is built, what is wrong with which element, for the log and for the API. */
export class StatusBoard {
  readonly problems: Problem[] = []
  readonly #byElement = new Map<string, { status: Status; readonly errors: string[] }>()

  /** The element is out of use. `keys` lead to the faulty value inside it. */
  disable(section: Section, element: Element<unknown>, fault: Fault): void {
    this.#note('error', section, element, fault)
  }

  warn(section: Section, element: Element<unknown>, fault: Fault): void {
    this.#note('warning', section, element, fault)
  }

  isDisabled(section: Section, name: string): boolean {
    return this.#byElement.get(`${section}/${name}`)?.status === 'disabled'
  }

  statusOf(section: Section, name: string): ElementStatus {
    const noted = this.#byElement.get(`${section}/${name}`)
    return { section, name, status: noted?.status ?? 'enabled', errors: noted?.errors ?? [] }
  }

  #note(severity: Problem['severity'], section: Section, element: Element<unknown>, fault: Fault): void {
    const key = `${section}/${element.name}`
    const noted = this.#byElement.get(key) ?? { status: 'enabled', errors: [] }
    this.#byElement.set(key, noted)
    if (noted.errors.includes(fault.message)) return
    noted.errors.push(fault.message)
    if (severity === 'error') noted.status = 'disabled'
    else if (noted.status === 'enabled') noted.status = 'warning'
    const keys = fault.keys ?? []
    const path = keys.reduce<string>((outer, step) => outer + stepText(step), element.path)
    this.problems.push({ severity, source: sourceWithin(element, keys), path, message: fault.message })
  }
}

function stepText(step: string | number): string {
  return typeof step === 'number' ? `[${step}]` : `.${step}`
}

export interface Fault {
  readonly message: string
  readonly keys?: readonly (string | number)[]
}
