import { hint } from '../../config/nearest.ts'
import { tokenize, type Token } from './tokenize.ts'
import type { Expression, ExpressionFunction, NumberType, Vocabulary } from './vocabulary.ts'

export type ExpressionParsing<Subject> =
  | { readonly ok: true; readonly expression: Expression<Subject> }
  | { readonly ok: false; readonly offset: number; readonly message: string }

/**
 * Traefik's expressions, which are written in Go's syntax:
 *
 *     either     = both { "||" both }
 *     both       = part { "&&" part }
 *     part       = "(" either ")" | call [ comparison literal ]
 *     call       = name "(" [ number { "," number } ] ")"
 *     comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
 *
 * A call without a comparison must give a boolean. The literal is of the type that the function gives.
 */
export function parseExpression<Subject>(text: string, vocabulary: Vocabulary<Subject>): ExpressionParsing<Subject> {
  return new Parser(text, vocabulary).parse()
}

type Test<Subject> = (subject: Subject) => boolean

/** A configuration is not that deep; a stack overflow would be a crash. */
const maximumDepth = 100

/** Its methods give undefined after a mistake, which is then in `#mistake`; the first one counts. */
class Parser<Subject> {
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #vocabulary: Vocabulary<Subject>
  readonly #functions = new Set<string>()
  #at = 0
  #depth = 0
  #mistake: { readonly offset: number; readonly message: string } | undefined

  constructor(text: string, vocabulary: Vocabulary<Subject>) {
    this.#text = text
    this.#tokens = tokenize(text)
    this.#vocabulary = vocabulary
  }

  parse(): ExpressionParsing<Subject> {
    const holds = this.#either()
    if (holds !== undefined && this.#token.kind !== 'end') this.#unexpected('&&, || or the end')
    if (holds !== undefined && this.#mistake === undefined) {
      return { ok: true, expression: { text: this.#text, functions: this.#functions, holds } }
    }
    return { ok: false, ...(this.#mistake ?? { offset: 0, message: 'is not an expression' }) }
  }

  get #token(): Token {
    return this.#tokens[this.#at]!
  }

  #either(): Test<Subject> | undefined {
    return this.#joined('||', () => this.#both(), either)
  }

  #both(): Test<Subject> | undefined {
    return this.#joined('&&', () => this.#part(), both)
  }

  #joined(
    operator: string,
    operand: () => Test<Subject> | undefined,
    join: (left: Test<Subject>, right: Test<Subject>) => Test<Subject>,
  ): Test<Subject> | undefined {
    let joined = operand()
    while (joined !== undefined && this.#take(operator)) {
      const right = operand()
      joined = right === undefined ? undefined : join(joined, right)
    }
    return joined
  }

  #part(): Test<Subject> | undefined {
    const { kind, offset } = this.#token
    if (kind === 'name') return this.#comparison()
    if (!this.#take('(')) return this.#unexpected('a function')
    if (++this.#depth > maximumDepth) return this.#fail(offset, 'is nested too deeply')
    const inner = this.#either()
    this.#depth--
    if (inner === undefined) return undefined
    return this.#take(')') ? inner : this.#unexpected('&&, || or )')
  }

  #comparison(): Test<Subject> | undefined {
    const start = this.#token
    const called = this.#call()
    if (called === undefined) return undefined
    const operator = this.#token
    if (operator.kind === 'symbol' && operator.value in comparisons) {
      this.#at++
      return this.#compared(called, operator)
    }
    if (called.gives === 'boolean') return called.read
    if (operator.kind === 'bad') return this.#unexpected('')
    return this.#fail(start.offset, `${start.value} gives ${nouns[called.gives]}, which must be compared with one`)
  }

  #call(): Called<Subject> | undefined {
    const { value: name, offset } = this.#token
    const found = Object.hasOwn(this.#vocabulary, name) ? this.#vocabulary[name] : undefined
    if (found === undefined) {
      const names = Object.keys(this.#vocabulary)
      return this.#fail(offset, `unknown function ${name} (expected ${names.join(', ')}${hint(name, names)})`)
    }
    this.#at++
    this.#functions.add(name)
    if (!this.#take('(')) return this.#unexpected('(')
    const numbers: number[] = []
    for (const type of found.takes) {
      if (numbers.length > 0 && !this.#take(',')) return this.#unexpected(`, since ${name}${arity(found)}`)
      const number = this.#number(type)
      if (number === undefined) return undefined
      numbers.push(number)
    }
    if (!this.#take(')')) return this.#unexpected(`), since ${name}${arity(found)}`)
    return bind(found, numbers)
  }

  #compared(called: Called<Subject>, operator: Token): Test<Subject> | undefined {
    if (called.gives === 'boolean') return this.#fail(operator.offset, 'what is true or false is not compared')
    const literal = this.#token
    if (called.gives !== 'text') {
      const number = this.#number(called.gives)
      return number === undefined ? undefined : compareNumber(called.read, operator.value, number)
    }
    if (literal.kind !== 'text') return this.#unexpected('a string in quotes or back-ticks')
    this.#at++
    if (operator.value === '==') return (subject) => called.read(subject) === literal.value
    if (operator.value === '!=') return (subject) => called.read(subject) !== literal.value
    return this.#fail(operator.offset, `strings are not ordered by ${operator.value} (expected == or !=)`)
  }

  #number(type: NumberType): number | undefined {
    const { kind, value } = this.#token
    if (kind !== type) return this.#unexpected(nouns[type])
    this.#at++
    return Number(value)
  }

  #take(symbol: string): boolean {
    const { kind, value } = this.#token
    if (kind !== 'symbol' || value !== symbol) return false
    this.#at++
    return true
  }

  #unexpected(expected: string): undefined {
    const { kind, value, offset, length } = this.#token
    if (kind === 'bad') return this.#fail(offset, value)
    const found = kind === 'end' ? 'end' : this.#text.slice(offset, offset + length)
    return this.#fail(offset, `unexpected ${found} (expected ${expected})`)
  }

  #fail(offset: number, message: string): undefined {
    this.#mistake ??= { offset, message }
    return undefined
  }
}

/** A function with its numbers: what it gives of a subject. */
type Called<Subject> =
  | { readonly gives: 'boolean'; readonly read: (subject: Subject) => boolean }
  | { readonly gives: NumberType; readonly read: (subject: Subject) => number }
  | { readonly gives: 'text'; readonly read: (subject: Subject) => string }

function bind<Subject>(called: ExpressionFunction<Subject>, numbers: readonly number[]): Called<Subject> {
  if (called.gives === 'boolean') return { gives: called.gives, read: called.bind(numbers) }
  if (called.gives === 'text') return { gives: called.gives, read: called.bind(numbers) }
  return { gives: called.gives, read: called.bind(numbers) }
}

const nouns = {
  integer: 'a whole number such as 50',
  float: 'a number with a decimal point such as 50.0',
  text: 'a string',
} as const

function arity({ takes }: ExpressionFunction<never>): string {
  if (takes.length === 0) return ' takes nothing'
  return ` takes ${takes.length} ${takes.length === 1 ? 'number' : 'numbers'}`
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
}

function compareNumber<Subject>(read: (subject: Subject) => number, operator: string, number: number): Test<Subject> {
  const compare = comparisons[operator]!
  return (subject) => compare(read(subject), number)
}

function either<Subject>(left: Test<Subject>, right: Test<Subject>): Test<Subject> {
  return (subject) => left(subject) || right(subject)
}

function both<Subject>(left: Test<Subject>, right: Test<Subject>): Test<Subject> {
  return (subject) => left(subject) && right(subject)
}
