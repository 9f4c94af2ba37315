import { nearest } from '../../config/nearest.ts'
import type { FunctionTable } from './function.ts'
import type { Piece, Token, TokenKind } from './lex.ts'
import type { Command, Operand, Pipeline } from './syntax.ts'
import { TemplateFault } from './value.ts'

/** The variables that a pipeline may use, and where it puts those that it makes. */
export interface VariableScope {
  has(name: string): boolean
  declare(name: string): void
}

// Far beyond what anybody writes, and far below what the stack holds.
export const maximumNesting = 200

/** Reads the tokens of one action. */
export class PipelineParser {
  readonly start: number
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #functions: FunctionTable
  readonly #scope: VariableScope
  #next = 0
  #nesting = 0

  constructor(action: Piece & { kind: 'action' }, functions: FunctionTable, scope: VariableScope) {
    this.start = action.start
    this.#tokens = action.tokens
    this.#end = action.end - 2
    this.#functions = functions
    this.#scope = scope
  }

  get atEnd(): boolean {
    return this.#next >= this.#tokens.length
  }

  takeWord(word: string): boolean {
    const token = this.#tokens[this.#next]
    if (token?.kind !== 'word' || token.text !== word) return false
    this.#next++
    return true
  }

  /** The quoted name of `template`, `define` and `block`. */
  takeName(keyword: string): string {
    const token = this.#tokens[this.#next++]
    if (token?.kind === 'literal' && typeof token.value === 'string') return token.value
    throw new TemplateFault(`{{${keyword}}} needs a quoted name`, token?.start ?? this.#end)
  }

  expectEnd(): void {
    const token = this.#tokens[this.#next]
    if (token !== undefined) throw new TemplateFault(`unexpected ${token.text}`, token.start)
  }

  faultAtStart(message: string): TemplateFault {
    return new TemplateFault(message, this.start)
  }

  /** `inside` is the word that begins the action, for errors, and `range` takes two variables. */
  pipeline(inside: string): Pipeline {
    const start = this.#tokens[this.#next]?.start ?? this.#end
    const { variables, assigns } = this.#declaration(inside)
    const commands: Command[] = [this.#command(inside)]
    while (this.#take('|')) {
      const command = this.#command(inside)
      const [first] = command.operands
      if (first.kind !== 'function' && first.kind !== 'field') {
        throw new TemplateFault('only a function can stand after |', first.start)
      }
      commands.push(command)
    }
    for (const name of variables) if (!assigns) this.#scope.declare(name)
    return { variables, assigns, commands, start }
  }

  #declaration(inside: string): { variables: string[]; assigns: boolean } {
    const variables = this.#variablesBeforeSign()
    if (variables.length === 0) return { variables: [], assigns: false }
    if (variables.length > 1 && inside !== 'range') {
      throw new TemplateFault('too many declarations: only {{range}} takes two variables', variables[1]?.start)
    }
    const assigns = this.#take('=') !== undefined
    if (!assigns) this.#take(':=')
    const undefinedOne = variables.find(({ text }) => assigns && !this.#scope.has(text))
    if (undefinedOne !== undefined) throw undefinedVariable(undefinedOne)
    return { variables: variables.map(({ text }) => text), assigns }
  }

  #variablesBeforeSign(): Token[] {
    const [first, second, third, fourth] = this.#tokens.slice(this.#next)
    if (first?.kind !== 'variable') return []
    if (isSign(second)) {
      this.#next += 1
      return [first]
    }
    if (second?.kind !== ',' || third?.kind !== 'variable' || !isSign(fourth)) return []
    this.#next += 3
    return [first, third]
  }

  #command(inside: string): Command {
    const start = this.#tokens[this.#next]?.start ?? this.#end
    const operands: Operand[] = []
    for (;;) {
      const operand = this.#operand(operands.length > 0)
      if (operand === undefined) break
      operands.push(operand)
    }
    const [first, ...others] = operands
    if (first === undefined) throw new TemplateFault(`missing value for ${inside}`, start)
    if (first.kind === 'nil') throw new TemplateFault('nil is not a command', first.start)
    if (others[0] !== undefined && first.kind !== 'function') {
      throw new TemplateFault("can't give an argument to a value that is not a function", others[0].start)
    }
    return { operands: [first, ...others], start }
  }

  #operand(needsSpace: boolean): Operand | undefined {
    const token = this.#tokens[this.#next]
    let operand = this.#term(token)
    if (operand === undefined || token === undefined) return undefined
    if (needsSpace && !token.spaceBefore && token.kind !== '(') {
      throw new TemplateFault(`unexpected ${token.text}: a space is missing before it`, token.start)
    }
    for (let field = this.#adjoiningField(); field !== undefined; field = this.#adjoiningField()) {
      operand = { kind: 'field', of: operand, name: field.text.slice(1), start: field.start }
    }
    return operand
  }

  #adjoiningField(): Token | undefined {
    const token = this.#tokens[this.#next]
    return token?.kind === 'field' && !token.spaceBefore ? this.#take('field') : undefined
  }

  #term(token: Token | undefined): Operand | undefined {
    if (token === undefined) return undefined
    const { start } = token
    switch (token.kind) {
      case 'word':
        this.#next++
        return this.#word(token)
      case 'literal':
        this.#next++
        return { kind: 'literal', value: token.value, start }
      case 'dot':
        this.#next++
        return { kind: 'dot', start }
      case 'field':
        this.#next++
        return { kind: 'field', of: { kind: 'dot', start }, name: token.text.slice(1), start }
      case 'variable':
        this.#next++
        if (!this.#scope.has(token.text)) throw undefinedVariable(token)
        return { kind: 'variable', name: token.text, start }
      case '(':
        this.#next++
        return this.#parenthesis(token)
      default:
        return undefined
    }
  }

  #word({ text, start }: Token): Operand {
    if (text === 'nil') return { kind: 'nil', start }
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', start }
    const call = Object.hasOwn(this.#functions, text) ? this.#functions[text] : undefined
    if (call !== undefined) return { kind: 'function', name: text, call, start }
    const candidate = nearest(text, Object.keys(this.#functions))
    const hint = candidate === undefined ? '' : ` (did you mean ${candidate}?)`
    throw new TemplateFault(`function ${JSON.stringify(text)} is not defined${hint}`, start)
  }

  #parenthesis(open: Token): Operand {
    if (++this.#nesting > maximumNesting) throw new TemplateFault('parentheses are nested too deeply', open.start)
    const pipeline = this.pipeline('parentheses')
    this.#nesting--
    if (this.#take(')') === undefined) throw new TemplateFault('unclosed parenthesis', open.start)
    return { kind: 'pipeline', pipeline, start: open.start }
  }

  #take(kind: TokenKind): Token | undefined {
    const token = this.#tokens[this.#next]
    if (token?.kind !== kind) return undefined
    this.#next++
    return token
  }
}

function isSign(token: Token | undefined): boolean {
  return token?.kind === ':=' || token?.kind === '='
}

function undefinedVariable({ text, start }: Token): TemplateFault {
  return new TemplateFault(`undefined variable ${text}`, start)
}
