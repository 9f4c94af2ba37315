import type { Value } from './value.ts'

/** Environment variables by name, as the process has them. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface TemplateFunction {
  readonly minimum: number
  readonly maximum: number
  /** Throws a TemplateFault without an offset when the arguments are wrong; the caller adds the place. */
  call(parameters: readonly Value[], environment: Environment): Value
}

export type FunctionTable = Readonly<Record<string, TemplateFunction>>

type Call = TemplateFunction['call']

export function exactly(count: number, call: Call): TemplateFunction {
  return { minimum: count, maximum: count, call }
}

export function atLeast(minimum: number, call: Call): TemplateFunction {
  return { minimum, maximum: Infinity, call }
}

export function between(minimum: number, maximum: number, call: Call): TemplateFunction {
  return { minimum, maximum, call }
}
