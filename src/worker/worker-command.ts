import { existsSync } from 'node:fs'

/** Linux's name for the executable that runs, even when the file has been replaced: an upgrade must not mix versions. */
const thisExecutable = '/proc/self/exe'

/** Inside a compiled executable, sources have such paths. */
const compiledPrefix = '/$bunfs/'

/** Starts this very program as a worker. */
export function workerCommand(): string[] {
  const program = existsSync(thisExecutable) ? thisExecutable : process.execPath
  return Bun.main.startsWith(compiledPrefix) ? [program, 'worker'] : [program, Bun.main, 'worker']
}
