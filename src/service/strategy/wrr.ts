import { defineStrategy } from './define.ts'
import { EarliestDeadline } from './earliest-deadline.ts'

/** Weighted round robin: everybody's turn comes as often as its weight says, evenly spread. */
export const wrr = defineStrategy({
  name: 'wrr',
  measures: false,
  usesWeights: true,
  takesCookies: true,
  build(candidates) {
    const turns = new EarliestDeadline(candidates)
    return () => turns.next()
  },
})
