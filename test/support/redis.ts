import { freePort, untilListening } from './ports.ts'
import { startProgram, type RunningProgram } from './process.ts'

/** Where a Redis server can be had; else the cases that need one are skipped. */
export const redisCommand: string | null = Bun.which('redis-server')

if (redisCommand === null) console.error('redis-server is not here: the tests of a shared rate limit are SKIPPED')

export interface RunningRedis extends RunningProgram {
  readonly port: number
}

/** A Redis server of its own that keeps nothing on disk. `settings` as on its command line, `--requirepass`, `x`. */
export async function startRedis(folder: string, settings: readonly string[] = [], at?: number): Promise<RunningRedis> {
  const port = at ?? (await freePort())
  const plain = settings.includes('--tls-port') ? ['--port', '0'] : ['--port', String(port)]
  const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const program = startProgram([redisCommand ?? 'redis-server', ...plain, ...quiet, ...settings])
  const gone = program.exited.then((code) => {
    throw new Error(`redis-server exited with ${code}:\n${program.output}`)
  })
  try {
    await Promise.race([untilListening(port), gone])
    return Object.assign(program, { port })
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  } finally {
    gone.catch(() => {})
  }
}
