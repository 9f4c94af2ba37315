import type { Measurement, Sample } from './contest.ts'
import { median } from './statistics.ts'

/** One line of the table: medians over the rounds. */
export interface Result {
  readonly scenario: string
  readonly title: string
  readonly candidate: string
  readonly label: string
  readonly rounds: number
  readonly requestsPerSecond: number
  readonly cpuUsPerRequest: number
  /** Lowest and highest round, to see how steady it was. */
  readonly cpuUsRange: readonly [number, number]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentMiB: number
  readonly requests: number
  readonly errors: number
  readonly wrong: number
  /** CPU per request against these peers' in the same scenario. */
  readonly toNginx: number | undefined
  readonly toCaddy: number | undefined
  readonly problem: string | undefined
}

const bytesPerMiB = 1024 * 1024

export function toResults(measurements: readonly Measurement[]): Result[] {
  return measurements.map((measurement) => {
    const { scenario, candidate, samples, problem } = measurement
    const cpu = samples.map(({ cpuUsPerRequest }) => cpuUsPerRequest)
    const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick))
    const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0)
    return {
      scenario: scenario.name,
      title: scenario.title,
      candidate: candidate.name,
      label: candidate.label,
      rounds: samples.length,
      requestsPerSecond: middle(({ requests, durationMs }) => (requests * 1000) / durationMs),
      cpuUsPerRequest: median(cpu),
      cpuUsRange: cpu.length === 0 ? ([0, 0] as const) : ([Math.min(...cpu), Math.max(...cpu)] as const),
      p50Ms: middle(({ p50Ms }) => p50Ms),
      p99Ms: middle(({ p99Ms }) => p99Ms),
      residentMiB: middle(({ residentBytes }) => residentBytes) / bytesPerMiB,
      requests: sum(({ requests }) => requests),
      errors: sum(({ errors }) => errors),
      wrong: sum(({ wrong }) => wrong),
      toNginx: ratio(measurements, measurement, 'nginx'),
      toCaddy: ratio(measurements, measurement, 'caddy'),
      problem,
    }
  })
}

function ratio(all: readonly Measurement[], { scenario, samples }: Measurement, peer: string): number | undefined {
  const peers = all.find((other) => other.scenario === scenario && other.candidate.name === peer)?.samples ?? []
  if (peers.length === 0 || samples.length === 0) return undefined
  const peerCpu = median(peers.map(({ cpuUsPerRequest }) => cpuUsPerRequest))
  return median(samples.map(({ cpuUsPerRequest }) => cpuUsPerRequest)) / peerCpu
}

/** No error, no wrong answer, nobody missing. */
export function isClean(results: readonly Result[]): boolean {
  return results.every(({ errors, wrong, problem }) => errors === 0 && wrong === 0 && problem === undefined)
}
