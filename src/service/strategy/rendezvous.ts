import { Fnv64 } from '../fnv.ts'
import type { Candidate } from './define.ts'

/**
 * Highest random weight: each candidate's score for a client follows from both their names alone, so every proxy
 * chooses alike, and only the clients of a candidate that is down go elsewhere.
 */
export function rendezvous<C extends Candidate>(candidates: readonly C[], clientAddress: string): C | undefined {
  let best: C | undefined
  let bestScore = -Infinity
  const client = new Fnv64('1a').add(clientAddress)
  for (const candidate of candidates) {
    if (candidate.weight <= 0 || !candidate.isUp) continue
    const score = candidate.weight / -Math.log(client.copy().add(candidate.name).fraction)
    if (score <= bestScore) continue
    best = candidate
    bestScore = score
  }
  return best
}
