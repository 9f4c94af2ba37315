import type { Bench } from './bench.ts'

export interface Measured {
  readonly name: string
  /** Nanoseconds of one call, median over the samples. */
  readonly medianNs: number
  /** The fastest sample. */
  readonly leastNs: number
}

export interface Effort {
  readonly samples: number
  /** How long one sample runs at least. */
  readonly sampleMs: number
}

export const efforts = {
  full: { samples: 25, sampleMs: 20 },
  quick: { samples: 3, sampleMs: 2 },
} as const satisfies Record<string, Effort>

/** Times batches of calls: a single call is far shorter than the clock's grain. The warm-up lets the JIT settle. */
export function measure(bench: Bench, effort: Effort): Measured {
  const calls = callsPerSample(bench, effort.sampleMs)
  timeCalls(bench, calls)
  const samples = Array.from({ length: effort.samples }, () => timeCalls(bench, calls) / calls)
  samples.sort((left, right) => left - right)
  return { name: bench.name, medianNs: samples[samples.length >> 1] ?? 0, leastNs: samples[0] ?? 0 }
}

function callsPerSample(bench: Bench, sampleMs: number): number {
  let calls = 1
  while (timeCalls(bench, calls) < sampleMs * 1e6) calls *= 2
  return calls
}

function timeCalls(bench: Bench, calls: number): number {
  const startedAt = Bun.nanoseconds()
  for (let call = 0; call < calls; call++) bench.run()
  return Bun.nanoseconds() - startedAt
}
