import { parseOptions, usage, type ContestOptions } from './arguments.ts'
import type { Candidate } from './candidate.ts'
import { candidates } from './candidates.ts'
import { renderChart } from './chart.ts'
import { runContest, type ContestPlan } from './contest.ts'
import { chooseCores } from './cores.ts'
import { describeMachine, type Machine } from './machine.ts'
import { isClean, toResults, type Result } from './result.ts'
import { scenarios, type Scenario } from './scenario.ts'
import { renderTable } from './table.ts'
import { temporaryFolder } from '../../../test/support/temporary.ts'

const paces = {
  full: { rounds: 3, secondsPerRound: 1, warmUpSeconds: 1, limitMs: 300_000 },
  quick: { rounds: 1, secondsPerRound: 1, warmUpSeconds: 1, limitMs: 40_000 },
  once: { rounds: 1, secondsPerRound: 1, warmUpSeconds: 0, limitMs: 60_000 },
} as const

function chosenScenarios({ scenarios: names, pace }: ContestOptions): Scenario[] {
  const clients = { wrk: 'wrk', h2load: 'h2load', openLoop: 'bun', handshake: 'bun', echo: 'bun' } as const
  return scenarios.filter((scenario) => {
    if (names !== undefined ? !names.includes(scenario.name) : pace === 'quick' && !scenario.quick) return false
    if (clients[scenario.client] === 'bun' || Bun.which(clients[scenario.client]) !== null) return true
    console.error(`SKIPPED ${scenario.name}: ${clients[scenario.client]} is not here`)
    return false
  })
}

function presentCandidates({ candidates: names }: ContestOptions): Candidate[] {
  return candidates.filter((candidate) => {
    if (names !== undefined && !names.includes(candidate.name)) return false
    if (candidate.program !== undefined) return true
    console.error(`left out: ${candidate.label} is not here`)
    return false
  })
}

async function contend(options: ContestOptions): Promise<{ results: Result[]; machine: Machine }> {
  await using folder = await temporaryFolder()
  const { limitMs, ...rounds } = paces[options.pace]
  const plan: ContestPlan = {
    ...rounds,
    folder: folder.path,
    cores: chooseCores(),
    candidates: presentCandidates(options),
    scenarios: chosenScenarios(options),
    deadline: performance.now() + limitMs,
    report: (progress) => console.error(progress),
  }
  if (!plan.cores.pinned) console.error('only one core, or no taskset: nothing is pinned, figures are rough')
  const machine = describeMachine(plan.candidates)
  return { machine, results: toResults(await runContest(plan)) }
}

function caption({ cpu, versions }: Machine): string {
  const peers = Object.entries(versions).filter(([name]) => name !== 'fetch' && name !== 'fastProxy')
  return [cpu, 'one core', ...peers.map(([name, version]) => `${name} ${version}`)].join(' · ')
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  if ('problem' in options) {
    console.error(`${options.problem}\n\n${usage}`)
    return 2
  }
  const missing = ['openssl', 'nginx'].filter(
    (name) => Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin` }) === null,
  )
  if (missing.length > 0) {
    console.error(`SKIPPED: ${missing.join(' and ')} not here`)
    return 0
  }
  const { results, machine } = await contend(options)
  console.log(renderTable(results))
  if (options.jsonFile !== undefined) {
    await Bun.write(options.jsonFile, `${JSON.stringify({ at: new Date(), machine, results }, undefined, 2)}\n`)
  }
  if (options.svgFile !== undefined) {
    await Bun.write(options.svgFile, renderChart(results, { caption: caption(machine) }))
  }
  if (isClean(results)) return 0
  console.error('there were errors or wrong answers: see the table')
  return 1
}

process.exitCode = await main()
