import { join } from 'node:path'
import { startProgram, type RunningProgram } from './process.ts'

export const executable = join(import.meta.dir, '../../dist/sluice')

export interface RunningSluice extends RunningProgram {
  /** The port that each entry point has got. */
  readonly ports: Readonly<Record<string, number>>
}

/** Starts the compiled executable and waits for its ready line. */
export async function startSluice(flags: readonly string[], command: readonly string[] = []): Promise<RunningSluice> {
  const program = startProgram([...command, executable, ...flags])
  try {
    const ready = await program.waitFor(/^sluice ready:(.*)$/m)
    return Object.assign(program, { ports: parseReadyLine(ready[1] ?? '') })
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
}

/** ` web=127.0.0.1:43211 websecure=[::1]:43212` → the ports by name. */
export function parseReadyLine(line: string): Record<string, number> {
  const entries = [...line.matchAll(/(\S+)=\S*:(\d+)/g)]
  return Object.fromEntries(entries.map(([, name, port]) => [name, Number(port)]))
}
