import { cpus, release } from 'node:os'
import type { Candidate } from './candidate.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  /** What each candidate says of itself, by its name. */
  readonly versions: Readonly<Record<string, string>>
}

export function describeMachine(candidates: readonly Candidate[]): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    kernel: release(),
    versions: Object.fromEntries(candidates.map((candidate) => [candidate.name, versionOf(candidate)])),
  }
}

/** The first thing that looks like a version: every program says it in its own way, nginx on standard error. */
function versionOf({ program, versionFlags }: Candidate): string {
  if (program === undefined) return 'not here'
  const { stdout, stderr } = Bun.spawnSync([program, ...versionFlags])
  // Traefik's says that of Go too, in a line below its own; a build of one's own has a word there.
  const [, own] = /^Version:\s*(\S+)/m.exec(`${stdout}`) ?? []
  return own ?? /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'
}
