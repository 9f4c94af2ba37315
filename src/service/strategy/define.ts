/** One of several that a request may go to: a server of a balancer, or a service of a weighted one. */
export interface Candidate {
  /** A server's URL or a service's name, as written: what hashes and cookies are made of. */
  readonly name: string
  /** 0 or less: never chosen. */
  readonly weight: number
  readonly isUp: boolean
}

/** How busy and how quick a candidate is. Kept only where the strategy `measures`. */
export interface Load {
  /** Requests whose answer has not come to its end. */
  readonly inFlight: number
  /** Mean time to the head of an answer, in milliseconds; 0 before the first. */
  readonly meanMs: number
}

export interface MeasuredCandidate extends Candidate {
  readonly load: Load
}

/** The one that the next request of this client goes to; undefined when none can take it. */
export type Choose<C> = (clientAddress: string) => C | undefined

export interface StrategyDefinition {
  /** The value of `strategy` in the configuration. */
  readonly name: string
  readonly measures: boolean
  /** False: a candidate with weight 0 is as good as any. */
  readonly usesWeights: boolean
  /** False: the client decides already, so there is nothing for a cookie to keep. */
  readonly takesCookies: boolean
  build<C extends MeasuredCandidate>(candidates: readonly C[]): Choose<C>
}

export function defineStrategy(definition: StrategyDefinition): StrategyDefinition {
  return definition
}
