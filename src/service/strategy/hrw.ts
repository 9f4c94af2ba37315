import { defineStrategy } from './define.ts'
import { rendezvous } from './rendezvous.ts'

/** Highest random weight by the client's address: a client stays with its server, without a cookie. */
export const hrw = defineStrategy({
  name: 'hrw',
  measures: false,
  usesWeights: true,
  takesCookies: false,
  build: (candidates) => (clientAddress) => rendezvous(candidates, clientAddress),
})
