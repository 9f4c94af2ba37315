import type { MatcherFlaw } from './define.ts'

/** Undefined when the path can match: every routing path begins with a slash. */
export function notAbsolute(path: string): MatcherFlaw | undefined {
  if (path.startsWith('/')) return undefined
  return { ok: false, message: `the path ${JSON.stringify(path)} does not start with /`, argument: 0 }
}
