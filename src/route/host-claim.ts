import type { BoundMatcher, RuleNode } from './rule.ts'

/**
 * Hosts of which one is needed for the rule to match: `a.org`, `*.a.org`. Undefined when it may match under any host.
 * The claim may be too wide (the rule is tested afterwards) but never too narrow.
 */
export type HostClaim = readonly string[] | undefined

export function hostClaim<Subject>(node: RuleNode<BoundMatcher<Subject>>, negated = false): HostClaim {
  if (node.kind === 'matcher') return negated || node.host === undefined ? undefined : [node.host]
  if (node.kind === 'not') return hostClaim(node.operand, !negated)
  const claims = node.parts.map((part) => hostClaim(part, negated))
  // De Morgan: under a `!` the two operators change places.
  return (node.kind === 'and') === negated ? widest(claims) : narrowest(claims)
}

/** Every part may be the one that matches. */
function widest(claims: readonly HostClaim[]): HostClaim {
  const hosts = new Set<string>()
  for (const claim of claims) {
    if (claim === undefined) return undefined
    for (const host of claim) hosts.add(host)
  }
  return [...hosts]
}

/** All parts must match, so each one's claim holds. */
function narrowest(claims: readonly HostClaim[]): HostClaim {
  let best: HostClaim
  for (const claim of claims) {
    if (claim !== undefined && (best === undefined || claim.length < best.length)) best = claim
  }
  return best
}

/**
 * What is left to test of a rule once it is known that the request is for `host`, one of its claim; undefined when
 * nothing is. It spares most requests the second comparison of the host that found the route.
 */
export function restOfRule<Subject>(
  node: RuleNode<BoundMatcher<Subject>>,
  host: string,
): RuleNode<BoundMatcher<Subject>> | undefined {
  if (node.kind === 'matcher') return node.host === host ? undefined : node
  if (node.kind === 'not') return node
  const rests = node.parts.map((part) => restOfRule(part, host))
  const parts = rests.filter((rest) => rest !== undefined)
  if (node.kind === 'or') return parts.length < rests.length ? undefined : node
  return parts.length > 1 ? { ...node, parts } : parts[0]
}
