import type { Steps } from '../../config/steps.ts'
import type { FunctionTable } from './function.ts'
import { lexTemplate, type Piece } from './lex.ts'
import { maximumNesting, PipelineParser, type VariableScope } from './parse-pipeline.ts'
import type { BranchNode, Pipeline, Template, TemplateNode } from './syntax.ts'
import { TemplateFault } from './value.ts'

/** Parses Go's text/template language. Throws a TemplateFault with the offset of the first mistake. */
export function parseTemplate(source: string, functions: FunctionTable): Steps<Template> {
  const parser = new TemplateParser(lexTemplate(source), functions)
  return parser.parse()
}

const wordsOfLanguage = [
  'if',
  'range',
  'with',
  'template',
  'define',
  'block',
  'break',
  'continue',
  'else',
  'end',
] as const

type Keyword = (typeof wordsOfLanguage)[number]

/** What ends a list of nodes: `end`, or `else` with what follows it. */
type Terminator = { readonly kind: 'end' } | { readonly kind: 'else'; readonly action: PipelineParser }

interface NodeList {
  readonly nodes: TemplateNode[]
  readonly terminator: Terminator
}

class TemplateParser {
  readonly #pieces: readonly Piece[]
  readonly #functions: FunctionTable
  readonly #definitions = new Map<string, readonly TemplateNode[]>()
  /** Names visible at this point, innermost last. */
  #variables: string[] = ['$']
  #rangeDepth = 0
  #nesting = 0
  #next = 0

  constructor(pieces: readonly Piece[], functions: FunctionTable) {
    this.#pieces = pieces
    this.#functions = functions
  }

  *parse(): Steps<Template> {
    const body: TemplateNode[] = []
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      if (piece.kind === 'text') {
        body.push(piece)
        continue
      }
      const action = this.#open(piece)
      if (action.takeWord('define')) this.#parseDefinition(action)
      else body.push(this.#parseInner(action, 'the template'))
      yield
    }
    return { body, definitions: this.#definitions }
  }

  #take(): Piece | undefined {
    return this.#pieces[this.#next++]
  }

  #open(piece: Piece & { kind: 'action' }): PipelineParser {
    const scope: VariableScope = {
      has: (name) => this.#variables.includes(name),
      declare: (name) => this.#variables.push(name),
    }
    return new PipelineParser(piece, this.#functions, scope)
  }

  #parseInner(action: PipelineParser, inside: string): TemplateNode {
    const keyword = takeKeyword(action)
    if (keyword === 'else' || keyword === 'end') throw action.faultAtStart(`unexpected {{${keyword}}} in ${inside}`)
    if (keyword === 'define') throw action.faultAtStart('{{define}} is allowed at the top level only')
    return keyword === undefined ? this.#parseOutput(action) : this.#parseStatement(keyword, action)
  }

  #parseOutput(action: PipelineParser): TemplateNode {
    const pipeline = action.pipeline('command')
    action.expectEnd()
    return { kind: 'output', pipeline, start: action.start }
  }

  #parseStatement(keyword: Exclude<Keyword, 'else' | 'end' | 'define'>, action: PipelineParser): TemplateNode {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return this.#parseBranch(keyword, action)
      case 'template':
        return this.#parseTemplateCall(action)
      case 'block':
        return this.#parseBlock(action)
      case 'break':
      case 'continue':
        action.expectEnd()
        if (this.#rangeDepth === 0) throw action.faultAtStart(`{{${keyword}}} outside {{range}}`)
        return { kind: keyword, start: action.start }
    }
  }

  #parseBranch(kind: BranchNode['kind'], action: PipelineParser): BranchNode {
    if (++this.#nesting > maximumNesting) throw action.faultAtStart('blocks are nested too deeply')
    const outer = this.#variables
    this.#variables = [...outer]
    const pipeline = action.pipeline(kind)
    action.expectEnd()
    if (kind === 'range') this.#rangeDepth++
    const body = this.#parseList(kind, action.start)
    if (kind === 'range') this.#rangeDepth--
    const otherwise = this.#parseElse(kind, body.terminator, action.start)
    this.#variables = outer
    this.#nesting--
    return { kind, pipeline, body: body.nodes, otherwise, start: action.start }
  }

  #parseElse(kind: BranchNode['kind'], terminator: Terminator, start: number): readonly TemplateNode[] {
    if (terminator.kind !== 'else') return []
    const { action } = terminator
    // `else if` is an `if` inside `else` that shares the one `end`.
    if (kind !== 'range' && action.takeWord(kind)) return [this.#parseBranch(kind, action)]
    action.expectEnd()
    const list = this.#parseList(kind, start)
    if (list.terminator.kind === 'else') throw list.terminator.action.faultAtStart('a second {{else}}')
    return list.nodes
  }

  #parseList(inside: string, start: number): NodeList {
    const nodes: TemplateNode[] = []
    const outer = this.#variables
    this.#variables = [...outer]
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      if (piece.kind === 'text') {
        nodes.push(piece)
        continue
      }
      const action = this.#open(piece)
      const terminator = takeTerminator(action)
      if (terminator !== undefined) {
        this.#variables = outer
        return { nodes, terminator }
      }
      nodes.push(this.#parseInner(action, `{{${inside}}}`))
    }
    throw new TemplateFault(`{{${inside}}} has no {{end}}`, start)
  }

  #parseTemplateCall(action: PipelineParser): TemplateNode {
    const name = action.takeName('template')
    const pipeline = this.#optionalPipeline(action)
    return { kind: 'template', name, pipeline, start: action.start }
  }

  #optionalPipeline(action: PipelineParser): Pipeline | undefined {
    if (action.atEnd) return undefined
    const pipeline = action.pipeline('template')
    action.expectEnd()
    return pipeline
  }

  #parseBlock(action: PipelineParser): TemplateNode {
    const name = action.takeName('block')
    const pipeline = action.pipeline('block')
    action.expectEnd()
    this.#define(name, 'block', action.start)
    return { kind: 'template', name, pipeline, start: action.start }
  }

  #parseDefinition(action: PipelineParser): void {
    const name = action.takeName('define')
    action.expectEnd()
    this.#define(name, 'define', action.start)
  }

  #define(name: string, keyword: string, start: number): void {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth }
    this.#variables = ['$']
    this.#rangeDepth = 0
    const { nodes, terminator } = this.#parseList(keyword, start)
    if (terminator.kind === 'else') throw terminator.action.faultAtStart(`unexpected {{else}} in {{${keyword}}}`)
    this.#definitions.set(name, nodes)
    this.#variables = outer.variables
    this.#rangeDepth = outer.rangeDepth
  }
}

function takeKeyword(action: PipelineParser): Keyword | undefined {
  return wordsOfLanguage.find((word) => action.takeWord(word))
}

function takeTerminator(action: PipelineParser): Terminator | undefined {
  if (action.takeWord('else')) return { kind: 'else', action }
  if (!action.takeWord('end')) return undefined
  action.expectEnd()
  return { kind: 'end' }
}
