import type { CertificateFiles } from '../../../test/support/certificate.ts'
import { untilListening } from '../../../test/support/ports.ts'
import { startProgram, type RunningProgram } from '../../../test/support/process.ts'
import type { Setup } from './scenario.ts'

/** Where a candidate is to listen and what it is to do there. */
export interface ProxyPlan {
  /** Its own, for configuration and logs. */
  readonly folder: string
  readonly setup: Setup
  readonly hosts: readonly string[]
  readonly upstreamPort: number
  readonly httpPort: number
  readonly httpsPort: number
  readonly certificate: CertificateFiles
}

export interface Launch {
  readonly command: readonly string[]
  readonly env?: Record<string, string>
}

export interface Candidate {
  readonly name: string
  readonly label: string
  /** The program, or undefined when it is not on this machine. */
  readonly program: string | undefined
  /** Arguments that make it tell its version. */
  readonly versionFlags: readonly string[]
  /** Writes the configuration and gives the command that keeps it in the foreground. */
  prepare(plan: ProxyPlan, program: string): Promise<Launch>
}

/** Idle connections to the upstream that each candidate may keep: as many as the largest scenario has clients. */
export const idleConnections = 512

/** A middleware chain of five, in each candidate's own words: see `middlewareEffects`. */
export const middlewareEffects = {
  stripped: '/api',
  added: '/files',
  requestHeader: { name: 'X-Team', value: 'bench' },
  secondRequestHeader: { name: 'X-Stage', value: 'load' },
  responseHeader: { name: 'X-Served-By', value: 'proxy' },
} as const

export interface RunningCandidate extends AsyncDisposable {
  readonly candidate: Candidate
  readonly plan: ProxyPlan
  readonly pid: number
  readonly output: string
}

/** Starts a candidate and resolves when both its ports accept. */
export async function startCandidate(
  candidate: Candidate,
  plan: ProxyPlan,
  prefix: readonly string[],
): Promise<RunningCandidate> {
  const { command, env = {} } = await candidate.prepare(plan, candidate.program ?? candidate.name)
  const program = startProgram([...prefix, ...command], { cwd: plan.folder, env })
  try {
    await Promise.race([listening(plan), ended(candidate, program)])
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
  return Object.assign(program, { candidate, plan })
}

async function listening({ httpPort, httpsPort }: ProxyPlan): Promise<void> {
  await Promise.all([untilListening(httpPort, 20_000), untilListening(httpsPort, 20_000)])
}

async function ended({ label }: Candidate, program: RunningProgram): Promise<never> {
  const code = await program.exited
  throw new Error(`${label} exited with ${code} at its start:\n${program.output.slice(-2000)}`)
}
