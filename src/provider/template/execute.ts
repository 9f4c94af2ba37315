import type { Steps } from '../../config/steps.ts'
import type { Environment } from './function.ts'
import type { BranchNode, Command, Operand, Pipeline, Template, TemplateNode } from './syntax.ts'
import { isList, isTrue, kindOf, sortedEntries, TemplateFault, toText, type Value } from './value.ts'

/** A stretch of the result. Literal text maps to its source character by character, computed text to its action. */
export interface Segment {
  readonly text: string
  readonly sourceStart: number
  readonly isLiteral: boolean
}

interface Variable {
  readonly name: string
  value: Value
}

/** How a list of nodes ended: `break` and `continue` travel up to their range. */
type Flow = 'next' | 'break' | 'continue'

// A template that runs away must fail like any other mistake, not take the proxy's memory or its only thread.
const maximumSteps = 1_000_000
const maximumLength = 16 * 1024 * 1024
const maximumDepth = 200

/** Runs a template. The root value is `false`, as Traefik's file provider has it. Throws a TemplateFault. */
export function* executeTemplate(template: Template, environment: Environment): Steps<Segment[]> {
  const execution = new Execution(template, environment)
  yield* execution.run()
  return execution.segments
}

class Execution {
  readonly segments: Segment[] = []
  readonly #template: Template
  readonly #environment: Environment
  #variables: Variable[] = []
  #steps = 0
  #length = 0
  #depth = 0

  constructor(template: Template, environment: Environment) {
    this.#template = template
    this.#environment = environment
  }

  *run(): Steps<void> {
    yield* this.#runTemplate(this.#template.body, false)
  }

  *#runTemplate(nodes: readonly TemplateNode[], dot: Value): Steps<void> {
    const outer = this.#variables
    this.#variables = [{ name: '$', value: dot }]
    yield* this.#walk(nodes, dot)
    this.#variables = outer
  }

  *#walk(nodes: readonly TemplateNode[], dot: Value): Steps<Flow> {
    const mark = this.#variables.length
    let flow: Flow = 'next'
    for (const node of nodes) {
      this.#countStep(node.start)
      flow = yield* this.#node(node, dot)
      if (flow !== 'next') break
      yield
    }
    this.#variables.length = mark
    return flow
  }

  *#node(node: TemplateNode, dot: Value): Steps<Flow> {
    switch (node.kind) {
      case 'text':
        this.#write({ text: node.text, sourceStart: node.start, isLiteral: true })
        return 'next'
      case 'output':
        this.#output(node.pipeline, dot, node.start)
        return 'next'
      case 'if':
      case 'with':
        return yield* this.#condition(node, dot)
      case 'range':
        return yield* this.#range(node, dot)
      case 'template':
        yield* this.#call(node, dot)
        return 'next'
      case 'break':
      case 'continue':
        return node.kind
    }
  }

  #output(pipeline: Pipeline, dot: Value, start: number): void {
    const value = this.#pipeline(pipeline, dot)
    if (pipeline.variables.length > 0) return
    this.#write({ text: toText(value, '<no value>'), sourceStart: start, isLiteral: false })
  }

  *#condition(node: BranchNode, dot: Value): Steps<Flow> {
    const mark = this.#variables.length
    const value = this.#pipeline(node.pipeline, dot)
    const inner = node.kind === 'with' ? value : dot
    const flow = yield* isTrue(value) ? this.#walk(node.body, inner) : this.#walk(node.otherwise, dot)
    this.#variables.length = mark
    return flow
  }

  *#range(node: BranchNode, dot: Value): Steps<Flow> {
    const mark = this.#variables.length
    const { pipeline } = node
    const value = this.#commands(pipeline, dot)
    const entries = this.#entries(value, pipeline.start)
    if (entries.length === 0) {
      this.#assign(pipeline, value)
      return yield* this.#walkThenReset(node.otherwise, dot, mark)
    }
    for (const [key, element] of entries) {
      this.#assignEntry(pipeline, key, element)
      const flow = yield* this.#walk(node.body, element)
      if (!pipeline.assigns) this.#variables.length = mark
      if (flow === 'break') break
    }
    this.#variables.length = mark
    return 'next'
  }

  *#walkThenReset(nodes: readonly TemplateNode[], dot: Value, mark: number): Steps<Flow> {
    const flow = yield* this.#walk(nodes, dot)
    this.#variables.length = mark
    return flow
  }

  #entries(value: Value, start: number): readonly (readonly [Value, Value])[] {
    if (value === undefined) return []
    if (isList(value)) return value.map((element, index) => [BigInt(index), element] as const)
    if (value instanceof Map) return sortedEntries(value)
    if (typeof value !== 'bigint') throw new TemplateFault(`range can't iterate over ${kindOf(value)}`, start)
    if (value > maximumSteps) throw new TemplateFault(`range over ${value} is too long`, start)
    return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => [BigInt(index), BigInt(index)] as const)
  }

  #assignEntry(pipeline: Pipeline, key: Value, element: Value): void {
    const [first, second] = pipeline.variables
    if (first === undefined) return
    this.#set(first, second === undefined ? element : key, pipeline.assigns)
    if (second !== undefined) this.#set(second, element, pipeline.assigns)
  }

  *#call(node: TemplateNode & { kind: 'template' }, dot: Value): Steps<void> {
    const body = this.#template.definitions.get(node.name)
    if (body === undefined) throw new TemplateFault(`template ${JSON.stringify(node.name)} is not defined`, node.start)
    const value = node.pipeline === undefined ? undefined : this.#pipeline(node.pipeline, dot)
    if (this.#depth >= maximumDepth) throw new TemplateFault('templates call each other too deeply', node.start)
    this.#depth++
    yield* this.#runTemplate(body, value)
    this.#depth--
  }

  #pipeline(pipeline: Pipeline, dot: Value): Value {
    const value = this.#commands(pipeline, dot)
    this.#assign(pipeline, value)
    return value
  }

  #commands(pipeline: Pipeline, dot: Value): Value {
    let piped: readonly Value[] = []
    for (const command of pipeline.commands) piped = [this.#command(command, dot, piped)]
    return piped[0]
  }

  #assign(pipeline: Pipeline, value: Value): void {
    for (const name of pipeline.variables) this.#set(name, value, pipeline.assigns)
  }

  #set(name: string, value: Value, assigns: boolean): void {
    const existing = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined
    if (existing === undefined) this.#variables.push({ name, value })
    else existing.value = value
  }

  #command(command: Command, dot: Value, piped: readonly Value[]): Value {
    const [first, ...others] = command.operands
    this.#countStep(first.start)
    if (first.kind === 'function') return this.#callFunction(first, others, { dot, piped })
    if (piped.length > 0)
      throw new TemplateFault("can't give an argument to a value that is not a function", first.start)
    return this.#operand(first, dot)
  }

  #callFunction(
    operand: Operand & { kind: 'function' },
    operands: readonly Operand[],
    { dot, piped }: { dot: Value; piped: readonly Value[] },
  ): Value {
    const { name, call, start } = operand
    const count = operands.length + piped.length
    if (count < call.minimum || count > call.maximum) throw new TemplateFault(wrongCount(operand, count), start)
    if (name === 'and' || name === 'or') return this.#shortCircuit(name === 'or', operands, { dot, piped })
    const parameters = [...operands.map((each) => this.#operand(each, dot)), ...piped]
    try {
      return call.call(parameters, this.#environment)
    } catch (thrown) {
      if (!(thrown instanceof TemplateFault) || thrown.offset !== undefined) throw thrown
      throw new TemplateFault(`${name}: ${thrown.message}`, start)
    }
  }

  /** `or` ends at the first true value, `and` at the first that is not, and what follows is never evaluated. */
  #shortCircuit(
    endsAt: boolean,
    operands: readonly Operand[],
    { dot, piped }: { dot: Value; piped: readonly Value[] },
  ): Value {
    let value: Value
    for (const operand of operands) {
      value = this.#operand(operand, dot)
      if (isTrue(value) === endsAt) return value
    }
    return piped.length > 0 ? piped[0] : value
  }

  #operand(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'literal':
        return operand.value
      case 'nil':
        return undefined
      case 'dot':
        return dot
      case 'variable':
        return this.#variables.findLast((variable) => variable.name === operand.name)?.value
      case 'function':
        return this.#callFunction(operand, [], { dot, piped: [] })
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot)
      case 'field':
        return fieldOf(this.#operand(operand.of, dot), operand)
    }
  }

  #write(segment: Segment): void {
    this.#length += segment.text.length
    if (this.#length > maximumLength) throw new TemplateFault('the result is too long', segment.sourceStart)
    if (segment.text !== '') this.segments.push(segment)
  }

  #countStep(start: number): void {
    this.#steps++
    if (this.#steps > maximumSteps) throw new TemplateFault('the template runs for too long', start)
  }
}

function fieldOf(value: Value, { name, start }: { name: string; start: number }): Value {
  if (value instanceof Map) return value.get(name)
  if (value === undefined) throw new TemplateFault(`nil has no field ${name}`, start)
  throw new TemplateFault(`can't evaluate field ${name} in type ${kindOf(value)}`, start)
}

function wrongCount({ name, call }: Operand & { kind: 'function' }, count: number): string {
  const { minimum, maximum } = call
  const wanted =
    maximum === minimum ? `${minimum}` : maximum === Infinity ? `at least ${minimum}` : `${minimum} to ${maximum}`
  return `wrong number of arguments for ${name}: want ${wanted}, got ${count}`
}
