import { oneOf } from '../../config/schema.ts'
import type { StrategyDefinition } from './define.ts'
import { strategies } from './registry.ts'

const byName = new Map(strategies.map((strategy) => [strategy.name, strategy]))

/** Decodes the value of `strategy`. */
export const strategyName = oneOf(...byName.keys())

/** For a name that `strategyName` has let through. */
export function strategyNamed(name: string): StrategyDefinition {
  return byName.get(name) ?? strategies[0]
}
