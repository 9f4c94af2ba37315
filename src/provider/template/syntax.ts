import type { TemplateFunction } from './function.ts'
import type { Value } from './value.ts'

/** The tree of a parsed template. `start` is the offset in the template's text that errors point to. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string; readonly start: number }
  | { readonly kind: 'output'; readonly pipeline: Pipeline; readonly start: number }
  | BranchNode
  | {
      readonly kind: 'template'
      readonly name: string
      readonly pipeline: Pipeline | undefined
      readonly start: number
    }
  | { readonly kind: 'break' | 'continue'; readonly start: number }

export interface BranchNode {
  readonly kind: 'if' | 'with' | 'range'
  readonly pipeline: Pipeline
  readonly body: readonly TemplateNode[]
  readonly otherwise: readonly TemplateNode[]
  readonly start: number
}

export interface Pipeline {
  /** Names with their `$` that the value is given to. */
  readonly variables: readonly string[]
  /** `=` sets variables that exist, `:=` makes new ones. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
  readonly start: number
}

export interface Command {
  readonly operands: readonly [Operand, ...Operand[]]
  readonly start: number
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: Value; readonly start: number }
  | { readonly kind: 'nil'; readonly start: number }
  | { readonly kind: 'dot'; readonly start: number }
  | { readonly kind: 'variable'; readonly name: string; readonly start: number }
  | { readonly kind: 'function'; readonly name: string; readonly call: TemplateFunction; readonly start: number }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly start: number }
  | { readonly kind: 'field'; readonly of: Operand; readonly name: string; readonly start: number }

export interface Template {
  readonly body: readonly TemplateNode[]
  readonly definitions: ReadonlyMap<string, readonly TemplateNode[]>
}
