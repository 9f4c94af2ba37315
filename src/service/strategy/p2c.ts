import { defineStrategy, type MeasuredCandidate } from './define.ts'

/** Power of two choices: of two drawn at random, the one with fewer requests in flight. Weights don't count. */
export const p2c = defineStrategy({
  name: 'p2c',
  measures: true,
  usesWeights: false,
  takesCookies: true,
  build: (candidates) => () => {
    const drawn = draw(candidates)
    // Looking for those that are up costs a pass over all, so it is done only once a draw has hit one that is not.
    return drawn === undefined ? lessBusy(draw(candidates.filter(({ isUp }) => isUp))) : lessBusy(drawn)
  },
})

type Pair<C> = readonly [C, C]

/** Two different ones (or the only one, twice); undefined when one of them is down, or there is none. */
function draw<C extends MeasuredCandidate>(candidates: readonly C[]): Pair<C> | undefined {
  const firstAt = Math.floor(Math.random() * candidates.length)
  const first = candidates[firstAt]
  if (first === undefined) return undefined
  const offset = candidates.length === 1 ? 0 : 1 + Math.floor(Math.random() * (candidates.length - 1))
  const second = candidates[(firstAt + offset) % candidates.length]!
  return first.isUp && second.isUp ? [first, second] : undefined
}

function lessBusy<C extends MeasuredCandidate>(pair: Pair<C> | undefined): C | undefined {
  if (pair === undefined) return undefined
  const [first, second] = pair
  return second.load.inFlight < first.load.inFlight ? second : first
}
