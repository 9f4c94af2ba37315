import { invalid, nonEmptyText, type Decoder } from '../../config/schema.ts'
import { parseExpression } from './parse.ts'
import type { Expression, Vocabulary } from './vocabulary.ts'

/** An expression in this vocabulary; what is wrong in it is told at its own line and column. */
export function expressionIn<Subject>(vocabulary: Vocabulary<Subject>, example: string): Decoder<Expression<Subject>> {
  const expects = `an expression such as ${example}`
  return {
    expects,
    describe: () => ({ kind: 'scalar', expects }),
    decode(node, at) {
      const text = nonEmptyText.decode(node, at)
      if (text === invalid) return invalid
      const parsing = parseExpression(text, vocabulary)
      if (parsing.ok) return parsing.expression
      return at.errorWithin({ text, source: node.source }, parsing.offset, parsing.message)
    },
  }
}
