import type { MeasuredCandidate } from '../../../src/service/strategy/define.ts'

export interface TestCandidate extends MeasuredCandidate {
  isUp: boolean
  readonly load: { inFlight: number; meanMs: number }
}

/** `a`, `b` … with these weights, up and idle. */
export function candidatesOf(weights: Readonly<Record<string, number>>): TestCandidate[] {
  return Object.entries(weights).map(([name, weight]) => {
    return { name, weight, isUp: true, load: { inFlight: 0, meanMs: 0 } }
  })
}

/** How often each name was chosen, as parts of all. */
export function shares(names: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name ?? '-'] = (counts[name ?? '-'] ?? 0) + 1
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / names.length]))
}

/** Addresses of different clients. */
export function clientAddress(number: number): string {
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}
