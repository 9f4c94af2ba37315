/** True when the subject (an HTTP request, or what is known of a TCP connection) matches. */
export type Test<Subject> = (subject: Subject) => boolean

export type MatcherBuilding<Subject> =
  | {
      readonly ok: true
      readonly test: Test<Subject>
      /**
       * The one host, in lower case and without a trailing dot, without which the test can't be true: `a.org`, or
       * `*.a.org` for its direct subdomains. Undefined when the host does not decide.
       */
      readonly host?: string | undefined
    }
  | MatcherFlaw

export interface MatcherFlaw {
  readonly ok: false
  readonly message: string
  /** Which of the values is wrong, and where in it (all of it when undefined). */
  readonly argument: number
  readonly offset?: number
}

export interface MatcherDefinition<Subject> {
  /** As documented: `HostRegexp`. */
  readonly name: string
  /** Names of the arguments; one that ends in `?` may be left out. */
  readonly parameters: readonly string[]
  /** Gets as many values as were written, none of them empty. Called once per rule and snapshot. */
  build(values: readonly string[]): MatcherBuilding<Subject>
  /** Its value counts among the domains of a TLS router, also when negated. */
  readonly namesDomain?: true
}

export function defineMatcher<Subject>(definition: MatcherDefinition<Subject>): MatcherDefinition<Subject> {
  return definition
}
