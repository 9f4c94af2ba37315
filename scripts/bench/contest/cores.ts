import { readFileSync } from 'node:fs'

/** Commands to put before a program's own, so that it stays on its core. Empty where there is only one core. */
export interface Cores {
  readonly proxy: readonly string[]
  readonly others: readonly string[]
  readonly pinned: boolean
}

/** The proxy alone on the first core that we may use; client and upstream on the second. */
export function chooseCores(): Cores {
  const [first, second] = allowedCores()
  if (first === undefined || second === undefined || Bun.which('taskset') === null) {
    return { proxy: [], others: [], pinned: false }
  }
  return { proxy: ['taskset', '-c', String(first)], others: ['taskset', '-c', String(second)], pinned: true }
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}
