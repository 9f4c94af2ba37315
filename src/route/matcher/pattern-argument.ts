import { goPattern, type Pattern } from '../../config/pattern.ts'
import type { MatcherBuilding } from './define.ts'

/** A matcher built on a regular expression in argument `argument`, or the expression's fault. */
export function withPattern<Subject>(
  source: string,
  argument: number,
  build: (pattern: Pattern) => MatcherBuilding<Subject>,
): MatcherBuilding<Subject> {
  const parsing = goPattern(source)
  if (parsing.ok) return build(parsing.pattern)
  return { ok: false, message: `bad regular expression: ${parsing.message}`, argument, offset: parsing.offset }
}
