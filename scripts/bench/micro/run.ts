import type { Bench } from './bench.ts'
import { benchFiles } from './files.ts'
import { efforts, measure, type Measured } from './measure.ts'

export type MicroResult = Measured & { readonly file: string }

const usage = 'scripts/bench/micro/run [--quick] [--json] [FILE…]: nanoseconds a call of each hot function'

async function loadBenches(path: string): Promise<readonly Bench[]> {
  const module = (await import(path)) as { readonly benches?: readonly Bench[] }
  if (module.benches === undefined) throw new Error(`${path} exports no benches`)
  return module.benches
}

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) return console.log(usage)
  const effort = argv.includes('--quick') ? efforts.quick : efforts.full
  const asked = argv.filter((argument) => !argument.startsWith('-'))
  const results: MicroResult[] = []
  for (const file of benchFiles(import.meta.dir, asked)) {
    for (const bench of await loadBenches(`${import.meta.dir}/${file}.ts`)) {
      const result = { file, ...measure(bench, effort) }
      results.push(result)
      if (!argv.includes('--json')) print(result)
    }
  }
  if (argv.includes('--json')) console.log(JSON.stringify(results))
}

function print({ file, name, medianNs, leastNs }: MicroResult): void {
  console.log(`${`${file}: ${name}`.padEnd(64)} ${figure(medianNs)} ns  (least ${figure(leastNs).trimStart()})`)
}

function figure(nanoseconds: number): string {
  return nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0).padStart(9)
}

await main(process.argv.slice(2))
// A bench may leave a timer or a listener behind.
process.exit(0)
