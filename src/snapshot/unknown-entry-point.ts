import { hint } from '../config/nearest.ts'

/** Traefik's words for a router's entry point that is not there, and which ones are. */
export function unknownEntryPoint(name: string, known: readonly string[]): string {
  return `entryPoint "${name}" doesn't exist (expected ${known.join(', ')}${hint(name, known)})`
}
