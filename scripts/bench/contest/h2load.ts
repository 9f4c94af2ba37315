import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../test/support/process.ts'
import type { Load, Target } from './load.ts'
import { clientFields, clientHosts, clientPath, type Scenario } from './scenario.ts'
import { percentile } from './statistics.ts'

const streamsPerConnection = 16

/** HTTP/2 over TLS. h2load does not look at bodies, so their length is checked by the sum of all. */
export async function runH2load(scenario: Scenario, target: Target): Promise<Load> {
  const log = join(target.folder, `${scenario.name}.h2load`)
  await rm(log, { force: true })
  const { stdout, stderr } = await runProgram([
    ...target.prefix,
    ...['h2load', '-t1', `-c${scenario.connections}`, `-m${streamsPerConnection}`, `-D${target.seconds}`],
    ...[`--log-file=${log}`, '--header', `:authority: ${clientHosts(scenario.setup)[0]}`],
    ...Object.entries(clientFields).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    `https://localhost:${target.httpsPort}${clientPath(scenario)}`,
  ])
  const counts = /(\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(stdout)
  const data = /\((\d+)\) data$/m.exec(stdout)
  if (counts === null || data === null) throw new Error(`h2load gave no result:\n${stdout}${stderr}`)
  const [requests = 0, failed = 0, errored = 0, timedOut = 0] = counts.slice(1).map(Number)
  const { statuses, latenciesMs } = parseLog(await Bun.file(log).text())
  const missingBytes = requests * Bun.file(target.expectedFile).size - Number(data[1])
  return {
    requests,
    durationMs: target.seconds * 1000,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    errors: failed + errored + timedOut,
    wrong: statuses.filter((status) => status !== 200).length + (missingBytes > 0 ? 1 : 0),
  }
}

/** One line a request: start in µs, status, duration in µs. */
function parseLog(text: string): { statuses: number[]; latenciesMs: number[] } {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').map(Number))
  return { statuses: rows.map((row) => row[1] ?? 0), latenciesMs: rows.map((row) => (row[2] ?? 0) / 1000) }
}
