import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { ElementFailure } from '../provider/define.ts'
import type { Problem } from '../config/problem.ts'
import type { Snapshot } from '../snapshot/build.ts'

/** The configuration that is in use, and what has become of it. A reload makes a new one. */
export interface View {
  readonly static: StaticConfiguration
  readonly dynamic: DynamicConfiguration
  /** Elements with mistakes in them, and so not in `dynamic`, or there in their last good version. */
  readonly failed: readonly ElementFailure[]
  /** What providers have found wrong. */
  readonly problems: readonly Problem[]
  readonly snapshot: Pick<Snapshot, 'board' | 'services' | 'toldStates' | 'problems'>
  /** Services that the program itself is, `api@internal`. */
  readonly internalServices: readonly string[]
}
