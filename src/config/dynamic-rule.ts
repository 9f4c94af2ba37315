import type { CompiledRule, RuleCompiling } from '../route/rule.ts'
import { invalid, type Decoder } from './decoder.ts'
import type { DocumentSource } from './dynamic-element.ts'
import { nonEmptyText } from './schema.ts'
import { sourceOfOffset } from './text-position.ts'

interface RuleLanguage<Subject> {
  readonly compile: (text: string) => RuleCompiling<Subject>
  readonly example: string
}

/** A rule compiled where it is read, so that a router whose rule is wrong fails here and its last good version stays. */
export function ruleIn<Subject>(
  document: DocumentSource,
  { compile, example }: RuleLanguage<Subject>,
): Decoder<CompiledRule<Subject>> {
  const expects = `a rule such as ${example}`
  return {
    expects,
    describe: () => ({ kind: 'scalar', expects }),
    decode(node, at) {
      const text = nonEmptyText.decode(node, at)
      if (text === invalid) return invalid
      const compiling = compile(text)
      if (compiling.ok) return compiling.rule
      const placed = { text, source: node.source }
      for (const { message, offset } of compiling.errors) at.error(sourceOfOffset(placed, offset, document), message)
      return invalid
    },
  }
}
