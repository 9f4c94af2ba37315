import { tokenizeRule, type Literal, type Token } from './rule-lexer.ts'

/** What is wrong with a rule. Offset and length count UTF-16 units of the rule's text. */
export interface RuleError {
  readonly message: string
  readonly offset: number
  readonly length: number
}

/** One matcher as written. */
export interface MatcherCall {
  readonly kind: 'matcher'
  readonly name: string
  readonly arguments: readonly Literal[]
  readonly offset: number
  readonly length: number
}

/** A rule as a tree. Chains of one operator are one node, so long rules stay flat; parentheses leave no node. */
export type RuleNode<Leaf> =
  | Leaf
  | { readonly kind: 'not'; readonly operand: RuleNode<Leaf>; readonly offset: number; readonly length: number }
  | RuleGroup<Leaf>

export interface RuleGroup<Leaf> {
  readonly kind: 'and' | 'or'
  readonly parts: readonly RuleNode<Leaf>[]
  readonly offset: number
  readonly length: number
}

export type RuleParsing =
  { readonly ok: true; readonly tree: RuleNode<MatcherCall> } | { readonly ok: false; readonly error: RuleError }

/** Rules come from labels of containers too: a hostile one must not exhaust the stack. */
const deepestNesting = 200

/** Parses the v3 rule language: Go's expression syntax with `&&`, `||`, `!`, parentheses and calls with strings. */
export function parseRule(text: string): RuleParsing {
  const parser = new RuleParser(tokenizeRule(text))
  const tree = parser.parseWhole()
  return isFailure(tree) ? { ok: false, error: tree.error } : { ok: true, tree }
}

interface Failure {
  readonly kind: 'failure'
  readonly error: RuleError
}

type Parsed<T> = T | Failure
type Node = RuleNode<MatcherCall>

function isFailure(parsed: { readonly kind: string }): parsed is Failure {
  return parsed.kind === 'failure'
}

/** Recursive descent: one method for each level of binding, loosest first. */
class RuleParser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parseWhole(): Parsed<Node> {
    if (this.#next.kind === 'end') return failure('the rule is empty', this.#next)
    const tree = this.#parseChain('or')
    if (isFailure(tree)) return tree
    const rest = this.#tokens.slice(this.#at)
    // A line break may end the rule, as it ends a statement in Go.
    const isWhole = rest[0]?.kind === 'end' || (rest[0]?.kind === 'break' && rest[1]?.kind === 'end')
    return isWhole ? tree : this.#unexpected('expected && or ||')
  }

  #parseChain(kind: 'and' | 'or'): Parsed<Node> {
    const operator = kind === 'or' ? '||' : '&&'
    const parts: Node[] = []
    do {
      const part = kind === 'or' ? this.#parseChain('and') : this.#parseOperand()
      if (isFailure(part)) return part
      parts.push(part)
    } while (this.#take(operator))
    const [first] = parts
    const last = parts.at(-1)
    if (first === undefined || last === undefined || first === last)
      return first ?? this.#unexpected('expected a matcher')
    return { kind, parts, offset: first.offset, length: last.offset + last.length - first.offset }
  }

  #parseOperand(): Parsed<Node> {
    if (this.#next.kind === 'name') return this.#parseCall()
    const opening = this.#next
    if (!this.#take('!') && !this.#take('(')) {
      return this.#unexpected('expected a matcher such as Host(`example.org`)')
    }
    if (this.#depth === deepestNesting) return failure(`nested too deeply (at most ${deepestNesting} levels)`, opening)
    this.#depth++
    const operand = opening.value === '!' ? this.#parseNegated(opening.offset) : this.#parseGroup(opening)
    this.#depth--
    return operand
  }

  #parseNegated(offset: number): Parsed<Node> {
    const operand = this.#parseOperand()
    if (isFailure(operand)) return operand
    return { kind: 'not', operand, offset, length: operand.offset + operand.length - offset }
  }

  #parseGroup(open: Token): Parsed<Node> {
    const inner = this.#parseChain('or')
    if (isFailure(inner) || this.#take(')')) return inner
    return this.#next.kind === 'end'
      ? failure('this parenthesis is not closed', open)
      : this.#unexpected('expected &&, || or )')
  }

  #parseCall(): Parsed<Node> {
    const name = this.#next
    this.#at++
    if (!this.#take('(')) {
      if (this.#next.kind === 'bad') return this.#unexpected('')
      return failure(`${name.value} needs its arguments in parentheses`, name)
    }
    const literals: Literal[] = []
    let close = this.#next
    while (!this.#take(')')) {
      const { kind, value, offset, length } = this.#next
      if (kind !== 'text') return this.#badArgument(name, 'expected a string in back-ticks or double quotes')
      literals.push({ value, offset, length })
      this.#at++
      if (!this.#take(',') && !this.#is(')')) return this.#badArgument(name, 'expected a comma or )')
      close = this.#next
    }
    const length = close.offset + 1 - name.offset
    return { kind: 'matcher', name: name.value, arguments: literals, offset: name.offset, length }
  }

  #badArgument(name: Token, expected: string): Failure {
    if (this.#next.kind !== 'end') return this.#unexpected(expected)
    return failure(`the arguments of ${name.value} are not closed by )`, name)
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', offset: 0, length: 0, value: '' }
  }

  #is(symbol: string): boolean {
    return this.#next.kind === 'symbol' && this.#next.value === symbol
  }

  #take(symbol: string): boolean {
    const found = this.#is(symbol)
    if (found) this.#at++
    return found
  }

  #unexpected(expected: string): Failure {
    const token = this.#next
    if (token.kind === 'bad') return failure(token.value, token)
    if (token.kind === 'break') {
      return failure(
        `${expected}, found a line break (break lines only after an operator, a comma or an opening parenthesis)`,
        token,
      )
    }
    return failure(`${expected}, found ${token.kind === 'end' ? 'the end of the rule' : shown(token)}`, token)
  }
}

function shown(token: Token): string {
  return token.kind === 'text' ? `the string ${JSON.stringify(token.value)}` : token.value
}

function failure(message: string, at: { readonly offset: number; readonly length: number }): Failure {
  return { kind: 'failure', error: { message, offset: at.offset, length: at.length } }
}
