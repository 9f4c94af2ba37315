import { join } from 'node:path'
import { benchFiles } from './micro/files.ts'
import type { MicroResult } from './micro/run.ts'

const rounds = { full: 7, quick: 1 } as const

type Timings = Map<string, number[]>

/** All of one tree's benches once, in a fresh process. A tree that lacks what a bench imports gives nothing for it. */
function runOnce(tree: string, flags: readonly string[], file: string): MicroResult[] {
  const command = [process.execPath, join(tree, 'scripts/bench/micro/run.ts'), '--json', ...flags, file]
  const { exitCode, stdout } = Bun.spawnSync(command, { cwd: tree, stderr: 'ignore' })
  return exitCode === 0 ? (JSON.parse(stdout.toString()) as MicroResult[]) : []
}

function collect(timings: Timings, results: readonly MicroResult[]): void {
  for (const { file, name, medianNs } of results) {
    const key = `${file}: ${name}`
    timings.set(key, [...(timings.get(key) ?? []), medianNs])
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[sorted.length >> 1] ?? 0
}

function main([base = '', head = '', ...rest]: readonly string[]): void {
  const quick = rest.includes('--quick')
  const flags = rest.filter((argument) => argument.startsWith('-'))
  const asked = rest.filter((argument) => !argument.startsWith('-'))
  const files = benchFiles(join(head, 'scripts/bench/micro'), asked)
  const sides = { base: new Map(), head: new Map() } satisfies Record<string, Timings>
  for (let round = 0; round < (quick ? rounds.quick : rounds.full); round++) {
    for (const file of files) {
      collect(sides.base, runOnce(base, flags, file))
      collect(sides.head, runOnce(head, flags, file))
    }
  }
  print(sides.base, sides.head)
}

function print(base: Timings, head: Timings): void {
  console.log(`${''.padEnd(64)} ${'base ns'.padStart(9)} ${'head ns'.padStart(9)}  head/base`)
  for (const [key, timings] of head) {
    const before = base.get(key)
    const after = median(timings)
    const columns = before === undefined ? ['–', after.toFixed(1), 'new'] : compared(median(before), after)
    console.log(`${key.padEnd(64)} ${columns.map((column) => column.padStart(9)).join(' ')}`)
  }
}

function compared(before: number, after: number): string[] {
  return [before.toFixed(1), after.toFixed(1), `${(after / before).toFixed(2)}×`]
}

main(process.argv.slice(2))
