import type { StrategyDefinition } from './define.ts'
import { hrw } from './hrw.ts'
import { leasttime } from './leasttime.ts'
import { p2c } from './p2c.ts'
import { wrr } from './wrr.ts'

/** Every strategy of a load balancer: one file and one line each. The first is the default. */
export const strategies: readonly [StrategyDefinition, ...StrategyDefinition[]] = [wrr, p2c, hrw, leasttime]
