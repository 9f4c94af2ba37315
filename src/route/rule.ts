import { nearest } from '../config/nearest.ts'
import type { HttpRequest } from '../http/message.ts'
import type { MatcherDefinition, Test } from './matcher/define.ts'
import { plainHost } from './matcher/host-name.ts'
import { httpMatchers, tcpMatchers } from './matcher/registry.ts'
import { offsetInLiteral } from './rule-lexer.ts'
import { parseRule, type MatcherCall, type RuleError, type RuleNode } from './rule-parser.ts'
import type { TcpFacts } from './tcp-facts.ts'

export type { RuleError, RuleNode } from './rule-parser.ts'

/** A matcher of a rule with its test, so that whoever explains a rule can ask each part by itself. */
export interface BoundMatcher<Subject> extends MatcherCall {
  readonly definition: MatcherDefinition<Subject>
  readonly test: Test<Subject>
  /** As in `MatcherBuilding`. */
  readonly host: string | undefined
}

export interface CompiledRule<Subject> {
  readonly text: string
  readonly tree: RuleNode<BoundMatcher<Subject>>
  readonly test: Test<Subject>
  /** What a router without a priority of its own gets. */
  readonly defaultPriority: bigint
}

export type HttpRule = CompiledRule<HttpRequest>
export type TcpRule = CompiledRule<TcpFacts>

export type RuleCompiling<Subject> =
  | { readonly ok: true; readonly rule: CompiledRule<Subject> }
  /** At least one; a rule that does not parse has exactly one. In the order of the text. */
  | { readonly ok: false; readonly errors: readonly RuleError[] }

export function compileHttpRule(text: string): RuleCompiling<HttpRequest> {
  return compileRule(text, httpVocabulary)
}

/** `HostSNI(*)` alone has priority −1: it must not hide the routes with a shorter rule (Traefik). */
export function compileTcpRule(text: string): RuleCompiling<TcpFacts> {
  const compiling = compileRule(text, tcpVocabulary)
  if (!compiling.ok || !isCatchAll(compiling.rule)) return compiling
  return { ok: true, rule: { ...compiling.rule, defaultPriority: -1n } }
}

/** True when the rule is ``HostSNI(`*`)`` and nothing else. */
export function isCatchAll({ tree }: TcpRule): boolean {
  return tree.kind === 'matcher' && tree.definition.name === 'HostSNI' && tree.arguments[0]?.value === '*'
}

/** The hosts that a router with TLS is about, `*` and `*.x` among them, each once. Those under a `!` count too (Traefik). */
export function ruleDomains<Subject>(rule: CompiledRule<Subject>): readonly string[] {
  const domains = new Set<string>()
  for (const matcher of matchersOf(rule.tree)) {
    const [domain] = matcher.arguments
    if (matcher.definition.namesDomain && domain !== undefined) domains.add(plainHost(domain.value))
  }
  return [...domains]
}

/** Every matcher of a rule, in the order of the text. */
export function matchersOf<Subject>(node: RuleNode<BoundMatcher<Subject>>): readonly BoundMatcher<Subject>[] {
  if (node.kind === 'matcher') return [node]
  return node.kind === 'not' ? matchersOf(node.operand) : node.parts.flatMap((part) => matchersOf(part))
}

type Vocabulary<Subject> = ReadonlyMap<string, MatcherDefinition<Subject>>

const httpVocabulary = vocabularyOf(httpMatchers)
const tcpVocabulary = vocabularyOf(tcpMatchers)

/** Traefik accepts four spellings: as documented, all lower, all upper, and only the first letter upper. */
function vocabularyOf<Subject>(matchers: readonly MatcherDefinition<Subject>[]): Vocabulary<Subject> {
  const vocabulary = new Map<string, MatcherDefinition<Subject>>()
  for (const matcher of matchers) {
    const lower = matcher.name.toLowerCase()
    const capitalised = lower.charAt(0).toUpperCase() + lower.slice(1)
    for (const spelling of [matcher.name, lower, lower.toUpperCase(), capitalised]) vocabulary.set(spelling, matcher)
  }
  return vocabulary
}

function compileRule<Subject>(text: string, vocabulary: Vocabulary<Subject>): RuleCompiling<Subject> {
  const parsing = parseRule(text)
  if (!parsing.ok) return { ok: false, errors: [parsing.error] }
  const errors: RuleError[] = []
  const tree = bindNode(parsing.tree, { text, vocabulary, errors })
  if (tree === undefined || errors.length > 0) return { ok: false, errors }
  return { ok: true, rule: { text, tree, test: testOf(tree), defaultPriority: BigInt(Buffer.byteLength(text)) } }
}

interface Binding<Subject> {
  readonly text: string
  readonly vocabulary: Vocabulary<Subject>
  /** Filled on the way: every wrong matcher of a rule is told at once. */
  readonly errors: RuleError[]
}

function bindNode<Subject>(
  node: RuleNode<MatcherCall>,
  binding: Binding<Subject>,
): RuleNode<BoundMatcher<Subject>> | undefined {
  if (node.kind === 'matcher') return bindMatcher(node, binding)
  if (node.kind === 'not') {
    const operand = bindNode(node.operand, binding)
    return operand && { ...node, operand }
  }
  const parts = node.parts.map((part) => bindNode(part, binding)).filter((part) => part !== undefined)
  return { ...node, parts }
}

function bindMatcher<Subject>(call: MatcherCall, binding: Binding<Subject>): BoundMatcher<Subject> | undefined {
  const definition = binding.vocabulary.get(call.name)
  const error = definition === undefined ? unknownMatcher(call, binding.vocabulary) : callError(call, definition)
  if (definition === undefined || error !== undefined) {
    if (error !== undefined) binding.errors.push(error)
    return undefined
  }
  const building = definition.build(call.arguments.map((literal) => literal.value))
  if (building.ok) return { ...call, definition, test: building.test, host: building.host }
  const literal = call.arguments[building.argument] ?? call
  const message = `${definition.name}: ${building.message}`
  if (building.offset === undefined || !('value' in literal)) {
    binding.errors.push({ message, offset: literal.offset, length: literal.length })
  } else {
    binding.errors.push({ message, offset: offsetInLiteral(binding.text, literal, building.offset), length: 1 })
  }
  return undefined
}

function unknownMatcher<Subject>(call: MatcherCall, vocabulary: Vocabulary<Subject>): RuleError {
  const names = [...new Set(vocabulary.values())].map((definition) => definition.name)
  const meant = nearest(call.name, names)
  const hint = meant === undefined ? '' : `did you mean ${meant}?; `
  const message = `unknown matcher "${call.name}" (${hint}allowed: ${names.join(', ')})`
  return { message, offset: call.offset, length: call.name.length }
}

function callError<Subject>(call: MatcherCall, definition: MatcherDefinition<Subject>): RuleError | undefined {
  const { name, parameters } = definition
  const most = parameters.length
  const least = parameters.filter((parameter) => !parameter.endsWith('?')).length
  const given = call.arguments.length
  if (given < least || given > most) {
    const count = least === most ? String(most) : `${least} or ${most}`
    const noun = most === 1 ? 'argument' : 'arguments'
    const shape = `${name}(${parameters.join(', ')})`
    const message = `${name} takes ${count} ${noun}, not ${given}: ${shape}${alternatives(call, most)}`
    return { message, offset: call.offset, length: call.length }
  }
  const empty = call.arguments.findIndex((literal) => literal.value === '')
  const literal = call.arguments[empty]
  if (literal === undefined) return undefined
  const message = `${name}: the ${parameters[empty]?.replace('?', '')} must not be empty`
  return { message, offset: literal.offset, length: literal.length }
}

/** Rules of Traefik v2 have lists of alternatives as arguments. */
function alternatives(call: MatcherCall, most: number): string {
  if (most !== 1 || call.arguments.length < 2) return ''
  const calls = call.arguments.map((literal) => `${call.name}(\`${literal.value}\`)`)
  return ` (did you mean ${calls.join(' || ')}?)`
}

/** The whole of a tree, or of a part of one, as one function. */
export function testOf<Subject>(node: RuleNode<BoundMatcher<Subject>>): Test<Subject> {
  if (node.kind === 'matcher') return node.test
  if (node.kind === 'not') {
    const test = testOf(node.operand)
    return (subject) => !test(subject)
  }
  const tests = node.parts.map((part) => testOf(part))
  const [first, second] = tests
  if (node.kind === 'and') {
    // Most rules have two parts, and two calls cost less than a loop.
    if (tests.length === 2 && first && second) return (subject) => first(subject) && second(subject)
    return (subject) => tests.every((test) => test(subject))
  }
  if (tests.length === 2 && first && second) return (subject) => first(subject) || second(subject)
  return (subject) => tests.some((test) => test(subject))
}
