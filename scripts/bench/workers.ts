import { executable } from '../../test/support/sluice.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import type { Candidate } from './contest/candidate.ts'
import { writeTraefikStyle } from './contest/candidate/traefik-style.ts'
import { runContest, type Measurement } from './contest/contest.ts'
import { scenarios } from './contest/scenario.ts'

function withWorkers(workers: number): Candidate {
  return {
    name: `workers-${workers}`,
    label: workers === 1 ? 'One process' : `${workers} workers`,
    program: executable,
    versionFlags: ['version'],
    prepare: async (plan, path) => {
      const configuration = await writeTraefikStyle(plan, { workers, experimental: { fastProxy: {} } })
      return { command: [path, `--configFile=${configuration}`] }
    },
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? NaN
}

const path = `${process.env.PATH}:/usr/sbin`
const missing = ['openssl', 'nginx', 'wrk'].filter((name) => Bun.which(name, { PATH: path }) === null)
if (missing.length > 0) {
  console.error(`SKIPPED: not here: ${missing.join(', ')}`)
  process.exit(0)
}

const isQuick = process.argv.includes('--quick')
await using folder = await temporaryFolder()
// Not pinned: the workers are to have both cores. The client and the upstream have them too, so that requests a second
// say nothing here; the CPU time that one request costs does.
const measurements = await runContest({
  ...{ folder: folder.path, cores: { proxy: [], others: [], pinned: false }, deadline: performance.now() + 60_000 },
  ...{ rounds: isQuick ? 1 : 5, secondsPerRound: 1, warmUpSeconds: isQuick ? 0 : 1, report: () => {} },
  candidates: [withWorkers(1), withWorkers(2)],
  scenarios: scenarios.filter(({ name }) => name === 'small-64' || name === 'get-64k'),
})

const describe = ({ scenario, candidate, samples, problem }: Measurement) => {
  const cpuUs = median(samples.map(({ cpuUsPerRequest }) => cpuUsPerRequest))
  const residentMb = median(samples.map(({ residentBytes }) => residentBytes)) / 2 ** 20
  const faults = samples.reduce((sum, { errors, wrong }) => sum + errors + wrong, 0)
  return { scenario: scenario.title, candidate: candidate.label, cpuUs, residentMb, faults, problem }
}
const rows = measurements.map(describe)
for (const { scenario, candidate, cpuUs, residentMb, faults, problem } of rows) {
  const figures = `${cpuUs.toFixed(1)} µs of CPU a request, ${residentMb.toFixed(0)} MiB, ${faults} faults`
  console.log(`${scenario.padEnd(28)}${candidate.padEnd(14)}${problem ?? figures}`)
}
for (const scenario of new Set(rows.map((row) => row.scenario))) {
  const [one, two] = rows.filter((row) => row.scenario === scenario)
  if (one === undefined || two === undefined) continue
  console.log(`${scenario}: two cores carry ${((2 * one.cpuUs) / two.cpuUs).toFixed(2)} times what one does`)
}
process.exitCode = rows.every(({ faults, problem }) => faults === 0 && problem === undefined) ? 0 : 1
