import { defineStrategy, type MeasuredCandidate } from './define.ts'

interface Entry<C> {
  readonly candidate: C
  /** As in earliest-deadline.ts: whose turn it is among those that are equally quick. */
  deadline: number
}

/**
 * The candidate that is likely to answer first: mean time to its answers' heads, times the requests that it would then
 * have in flight, by its weight. Before the first answers all are equal and take turns.
 */
export const leasttime = defineStrategy({
  name: 'leasttime',
  measures: true,
  usesWeights: true,
  takesCookies: true,
  build<C extends MeasuredCandidate>(candidates: readonly C[]) {
    const entries: Entry<C>[] = candidates
      .filter(({ weight }) => weight > 0)
      .map((candidate) => ({ candidate, deadline: 1 / candidate.weight }))
    return () => {
      const entry = quickest(entries)
      if (entry === undefined) return undefined
      entry.deadline += 1 / entry.candidate.weight
      return entry.candidate
    }
  },
})

function quickest<C extends MeasuredCandidate>(entries: readonly Entry<C>[]): Entry<C> | undefined {
  let best: Entry<C> | undefined
  let bestScore = Infinity
  for (const entry of entries) {
    const { load, weight, isUp } = entry.candidate
    if (!isUp) continue
    const score = (load.meanMs * (1 + load.inFlight)) / weight
    if (best !== undefined && (score > bestScore || (score === bestScore && entry.deadline >= best.deadline))) continue
    best = entry
    bestScore = score
  }
  return best
}
