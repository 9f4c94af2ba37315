import type { Steps } from '../config/steps.ts'
import { hostClaim, restOfRule } from './host-claim.ts'
import type { Test } from './matcher/define.ts'
import { testOf, type BoundMatcher, type CompiledRule, type RuleNode } from './rule.ts'

export interface Route<Subject, T> {
  readonly name: string
  readonly rule: CompiledRule<Subject>
  /** The router's own, or the rule's default. */
  readonly priority: bigint
  /** Place of the provider in `providers.precedence`; the lower wins a tie. */
  readonly providerRank: number
  readonly target: T
}

export interface HostTable<Subject, T> {
  readonly size: number
  /** Target of the first route that matches. `host` is in lower case, with or without a trailing dot. */
  find(host: string, subject: Subject): T | undefined
}

/**
 * A route in the list of one host. Linked, since most lists have one route and each array more would be one more
 * miss of the cache in a table of 10,000 hosts.
 */
interface Candidate<Subject, T> {
  /** In the order of all routes. */
  readonly place: number
  /** Undefined when the host alone decides. */
  readonly test: Test<Subject> | undefined
  readonly target: T
  readonly next: Candidate<Subject, T> | undefined
}

/**
 * Asks routes by priority, then provider, then name (in Traefik such a tie is settled by chance), but only those that
 * the host does not rule out.
 */
export function* buildHostTableSteps<Subject, T>(routes: readonly Route<Subject, T>[]): Steps<HostTable<Subject, T>> {
  const { exact, wildcard, common } = yield* indexRoutes(routes)
  return {
    size: routes.length,
    find: (host, subject) => {
      const plain = withoutTrailingDot(host)
      let named = exact.get(plain)
      let wild = wildcard.size > 0 && host !== '' ? wildcard.get(afterFirstLabel(plain)) : undefined
      let other = common
      // The three lists are walked as the one that they would be merged: nothing is allocated for a look-up, and no
      // merged list is kept for each of 10,000 hosts.
      while (true) {
        const next = earlier(earlier(named, wild), other)
        if (next === undefined) return undefined
        if (next.test === undefined || next.test(subject)) return next.target
        if (next === named) named = named.next
        else if (next === wild) wild = wild.next
        else other = next.next
      }
    },
  }
}

/** The first candidate of each list, every list in the order of all routes. */
interface Index<Subject, T> {
  readonly exact: ReadonlyMap<string, Candidate<Subject, T>>
  /** By what follows the first label: `.a.org`. */
  readonly wildcard: ReadonlyMap<string, Candidate<Subject, T>>
  /** Routes that may match under any host. */
  readonly common: Candidate<Subject, T> | undefined
}

function* indexRoutes<Subject, T>(routes: readonly Route<Subject, T>[]): Steps<Index<Subject, T>> {
  const exact = new Map<string, Candidate<Subject, T>>()
  const wildcard = new Map<string, Candidate<Subject, T>>()
  const tests = new SharedTests<Subject>()
  let common: Candidate<Subject, T> | undefined
  // From the last to the first: each list is built by putting the next head in front.
  for (const [at, { rule, target }] of routes.toSorted(compareRoutes).toReversed().entries()) {
    const place = routes.length - at
    const claim = hostClaim(rule.tree)
    if (claim === undefined) common = { place, test: rule.test, target, next: common }
    for (const host of claim ?? []) {
      const test = tests.of(restOfRule(rule.tree, host))
      const [lists, key] = host.startsWith('*') ? [wildcard, host.slice(1)] : [exact, host]
      lists.set(compact(key), { place, test, target, next: lists.get(key) })
    }
    yield
  }
  return { exact, wildcard, common }
}

/**
 * Makes one function of what several rules have in common: 10,000 routers that differ in their host alone ask the same
 * `PathPrefix`, and it stays in the processor's cache (measured: less than half the time).
 */
class SharedTests<Subject> {
  readonly #tests = new Map<string, Test<Subject>>()

  of(node: RuleNode<BoundMatcher<Subject>> | undefined): Test<Subject> | undefined {
    if (node === undefined) return undefined
    const key = ruleKey(node)
    const known = this.#tests.get(key)
    if (known !== undefined) return known
    const test = testOf(node)
    this.#tests.set(key, test)
    return test
  }
}

/** The same for trees that mean the same; not for all of them. */
function ruleKey<Subject>(node: RuleNode<BoundMatcher<Subject>>): string {
  if (node.kind === 'not') return `!(${ruleKey(node.operand)})`
  if (node.kind !== 'matcher') return `${node.kind}(${node.parts.map((part) => ruleKey(part)).join()})`
  return JSON.stringify([node.definition.name, ...node.arguments.map((literal) => literal.value)])
}

/**
 * A copy that lies beside the copies made before. As a slice of the configuration's text each name would lead its
 * look-up far off into two megabytes (measured among 10,000: a quarter of the time). Names are ASCII.
 */
function compact(name: string): string {
  return Buffer.from(name, 'latin1').latin1Slice()
}

/** Of two list heads the one that comes first in the order of all routes. */
function earlier<C extends { readonly place: number }>(a: C | undefined, b: C | undefined): C | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.place < b.place ? a : b
}

function compareRoutes<Subject, T>(a: Route<Subject, T>, b: Route<Subject, T>): number {
  if (a.priority !== b.priority) return a.priority > b.priority ? -1 : 1
  if (a.providerRank !== b.providerRank) return a.providerRank - b.providerRank
  return a.name < b.name ? -1 : Number(a.name > b.name)
}

function withoutTrailingDot(host: string): string {
  return host.length > 1 && host.charCodeAt(host.length - 1) === 46 ? host.slice(0, -1) : host
}

function afterFirstLabel(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 ? '' : host.slice(dot)
}
