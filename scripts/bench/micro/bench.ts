/**
 * One measured thing. A file beside this one exports `benches: Bench[]`; `run.ts` finds the files by itself.
 *
 *     export const benches: Bench[] = [{ name: 'parse a head of 12 fields', run: () => keep(parseHead(bytes)) }]
 */
export interface Bench {
  /** Finishes the file's name as a row of the table. */
  readonly name: string
  /** Does the work once. Called many times in a row; must not keep state that grows. */
  run(): void
}

let kept: unknown

/** Uses a result, so that the engine cannot drop the work that made it. */
export function keep(value: unknown): void {
  kept = value
}

/** What `keep` was given last. */
export function lastKept(): unknown {
  return kept
}
