import type { DocumentSource } from './dynamic-element.ts'
import type { ConfigNode } from './node.ts'
import type { ProblemCollector, Source } from './problem.ts'
import { sourceOfOffset, type PlacedText } from './text-position.ts'

/** The outcome of decoding something that has a problem; the problem itself is in `Place.problems`. */
export const invalid: unique symbol = Symbol('invalid')

export type Decoded<T> = T | typeof invalid

/** Turns a node into a typed value. Never throws; says every problem, not just the first. */
export interface Decoder<T> {
  /** What is allowed here, as a noun phrase: `a duration`, `"keep" or "drop"`. */
  readonly expects: string
  decode(node: ConfigNode, at: Place): Decoded<T>
  /** The shape, for reference pages and for resolving environment variables. */
  describe(): Description
  /** The value when the key is not there. Without it the key is required. `source` is that of the object lacking it. */
  absent?(at: Place, source: Source): Decoded<T>
  /** Whether this node means "as if the key were not there" (`false` for an allow-empty section). */
  isDisabledBy?(node: ConfigNode, at: Place): boolean
  readonly status?: 'notYet' | 'dead' | 'removed'
  /** It works, and may still change; for reference pages. */
  readonly isExperimental?: true
}

export type Infer<D> = D extends Decoder<infer T> ? T : never

export type Description =
  | { readonly kind: 'scalar'; readonly expects: string; readonly type?: ScalarType; readonly isSecret?: true }
  | { readonly kind: 'list'; readonly items: Description }
  | { readonly kind: 'map'; readonly values: Description }
  | { readonly kind: 'object'; readonly fields: readonly FieldDescription[]; readonly allowEmpty: boolean }
  | {
      readonly kind: 'oneKind'
      readonly kinds: readonly FieldDescription[]
      readonly beside: readonly FieldDescription[]
    }
  | { readonly kind: 'free' }

/** What a scalar is besides text. A duration is milliseconds when decoded, and text such as `1m30s` when written. */
export type ScalarType = 'boolean' | 'number' | 'duration'

export interface FieldDescription {
  readonly key: string
  readonly description: Description
  readonly expects: string
  readonly status: 'supported' | 'notYet' | 'dead' | 'removed'
  readonly isExperimental?: true
  readonly required: boolean
  /** Decoded form (durations in milliseconds); undefined when there is none. */
  readonly default?: unknown
}

/** A spot in the configuration being decoded: its path and where its problems go. */
export class Place {
  readonly problems: ProblemCollector
  readonly #step: string | number
  readonly #document: DocumentSource | undefined
  readonly #outer: Place | undefined

  /** `document`: what is decoded was read from it. With `outer`, the path goes on from there by one step. */
  constructor(problems: ProblemCollector, step: string | number = '', document?: DocumentSource, outer?: Place) {
    this.problems = problems
    this.#step = step
    this.#document = document
    this.#outer = outer
  }

  /** Written out when somebody asks: few of the many places that a document has are ever told. */
  get path(): string {
    const step = this.#step
    if (this.#outer === undefined) return String(step)
    const outer = this.#outer.path
    if (typeof step === 'number') return `${outer}[${step}]`
    const key = /^[^\s."[\]]+$/.test(step) ? step : JSON.stringify(step)
    return outer === '' ? key : `${outer}.${key}`
  }

  key(name: string): Place {
    return new Place(this.problems, name, this.#document, this)
  }

  item(index: number): Place {
    return new Place(this.problems, index, this.#document, this)
  }

  /** The same spot, whose problems go elsewhere. */
  collectingIn(problems: ProblemCollector): Place {
    return new Place(problems, this.#step, this.#document, this.#outer)
  }

  /** Reports an error and gives `invalid`, so that a decoder can `return at.error(…)`. */
  error(source: Source, message: string): typeof invalid {
    this.problems.add({ severity: 'error', source, path: this.path, message })
    return invalid
  }

  /** An error at one character of a text: for languages inside the configuration. */
  errorWithin(placed: PlacedText, offset: number, message: string): typeof invalid {
    const { source } = placed
    return this.error(this.#document === undefined ? source : sourceOfOffset(placed, offset, this.#document), message)
  }

  warning(source: Source, message: string): void {
    this.problems.add({ severity: 'warning', source, path: this.path, message })
  }
}

/** What a piece of text was parsed to, or what is wrong with it (`is not an IP address`). */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Unparsable

export interface Unparsable {
  readonly ok: false
  readonly message: string
  /** What was probably meant. */
  readonly meant?: string
}
