import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificate, type CertificateFiles } from '../../../test/support/certificate.ts'
import { freePorts } from '../../../test/support/ports.ts'
import { startCandidate, type Candidate, type RunningCandidate } from './candidate.ts'
import type { Cores } from './cores.ts'
import { runH2load } from './h2load.ts'
import type { Load, Target } from './load.ts'
import { runEcho, runHandshakes, runOpenLoop } from './own-client.ts'
import { patientPreflight, preflight } from './preflight.ts'
import { treeUsage } from './process-tree.ts'
import { hostNames, type Client, type Scenario, type Setup } from './scenario.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { runWrk } from './wrk.ts'

/** One candidate's one round of one scenario. */
export interface Sample extends Load {
  readonly cpuUsPerRequest: number
  readonly residentBytes: number
}

export interface Measurement {
  readonly scenario: Scenario
  readonly candidate: Candidate
  readonly samples: readonly Sample[]
  /** Why it was not measured or not to the end. */
  readonly problem: string | undefined
}

export interface ContestPlan {
  readonly folder: string
  readonly cores: Cores
  readonly candidates: readonly Candidate[]
  readonly scenarios: readonly Scenario[]
  readonly rounds: number
  readonly secondsPerRound: number
  readonly warmUpSeconds: number
  /** `performance.now()` after which no further round begins: the whole run stays bounded. */
  readonly deadline: number
  report(progress: string): void
}

const clients: Record<Client, (scenario: Scenario, target: Target) => Promise<Load>> = {
  wrk: runWrk,
  h2load: runH2load,
  openLoop: runOpenLoop,
  handshake: runHandshakes,
  echo: runEcho,
}

/** Runs everything: setup by setup, all candidates of a setup side by side, taking turns in every round. */
export async function runContest(plan: ContestPlan): Promise<Measurement[]> {
  const folder = join(plan.folder, 'upstream')
  await using upstream = await startUpstream(folder, plan.cores.others)
  const certificate = await makeCertificate(plan.folder, 'localhost', 'bench.test', '*.bench.test')
  const measurements: Measurement[] = []
  for (const setup of new Set(plan.scenarios.map((scenario) => scenario.setup))) {
    measurements.push(...(await runSetup({ plan, setup, upstream, certificate })))
  }
  return measurements
}

interface SetupRun {
  readonly plan: ContestPlan
  readonly setup: Setup
  readonly upstream: Upstream
  readonly certificate: CertificateFiles
}

async function runSetup({ plan, setup, upstream, certificate }: SetupRun): Promise<Measurement[]> {
  const scenarios = plan.scenarios.filter((scenario) => scenario.setup === setup)
  plan.report(`starting ${plan.candidates.length} candidates: ${setup}`)
  await using stack = new AsyncDisposableStack()
  const field: RunningCandidate[] = []
  const unfit: Measurement[] = []
  for (const candidate of plan.candidates) {
    const folder = join(plan.folder, setup, candidate.name)
    await mkdir(folder, { recursive: true })
    const [httpPort = 0, httpsPort = 0] = await freePorts(2)
    const site = {
      folder,
      setup,
      hosts: hostNames(setup),
      upstreamPort: setup === 'webSocket' ? upstream.echoPort : upstream.port,
      httpPort,
      httpsPort,
      certificate,
    }
    try {
      field.push(stack.use(await startCandidate(candidate, site, plan.cores.proxy)))
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      unfit.push(...scenarios.map((scenario) => ({ scenario, candidate, samples: [], problem })))
    }
  }
  const measured: Measurement[] = []
  for (const [index, scenario] of scenarios.entries()) {
    measured.push(...(await runScenario({ plan, scenario, upstream, field, warmUp: index === 0 })))
  }
  return [...measured, ...unfit]
}

interface ScenarioRun {
  readonly plan: ContestPlan
  readonly scenario: Scenario
  readonly upstream: Upstream
  readonly field: readonly RunningCandidate[]
  readonly warmUp: boolean
}

async function runScenario({ plan, scenario, upstream, field, warmUp }: ScenarioRun): Promise<Measurement[]> {
  const entries = field.map((running) => ({
    running,
    samples: [] as Sample[],
    problem: undefined as string | undefined,
  }))
  const check = warmUp ? patientPreflight : preflight
  for (const entry of entries) entry.problem = await check(entry.running, scenario, upstream)
  const run = (running: RunningCandidate, seconds: number): Promise<Sample> =>
    takeSample({ plan, scenario, upstream, running, seconds })
  for (const { running, problem } of warmUp ? entries : []) {
    if (problem === undefined && plan.warmUpSeconds > 0) await run(running, plan.warmUpSeconds)
  }
  for (let round = 0; round < plan.rounds; round++) {
    if (round > 0 && performance.now() > plan.deadline) break
    plan.report(`${scenario.title}, round ${round + 1} of ${plan.rounds}`)
    // Each round begins with another candidate, so that none always runs after the same neighbour.
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(turn + round) % entries.length]!
      if (entry.problem !== undefined) continue
      try {
        entry.samples.push(await run(entry.running, plan.secondsPerRound))
      } catch (error) {
        entry.problem = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return entries.map(({ running, samples, problem }) => ({ scenario, candidate: running.candidate, samples, problem }))
}

interface SampleRun {
  readonly plan: ContestPlan
  readonly scenario: Scenario
  readonly upstream: Upstream
  readonly running: RunningCandidate
  readonly seconds: number
}

async function takeSample({ plan, scenario, upstream, running, seconds }: SampleRun): Promise<Sample> {
  const { folder, httpPort, httpsPort } = running.plan
  const target: Target = {
    folder,
    httpPort,
    httpsPort,
    prefix: plan.cores.others,
    seconds,
    expectedFile: upstream.expectedFiles[scenario.exchange],
    uploadFile: upstream.uploadFile,
  }
  const before = treeUsage(running.pid)
  const load = await clients[scenario.client](scenario, target)
  const after = treeUsage(running.pid)
  if (load.requests === 0) throw new Error('not one request was answered')
  return { ...load, cpuUsPerRequest: (after.cpuUs - before.cpuUs) / load.requests, residentBytes: after.residentBytes }
}
