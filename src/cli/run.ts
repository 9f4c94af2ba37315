import { App } from '../app.ts'
import { loadStatic, type LoadedStatic } from '../config/load-static.ts'
import { formatProblem, hasErrors } from '../config/problem.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { Log } from '../observe/log.ts'
import { guardProcess, openProcessLog } from '../observe/process-log.ts'
import { workerCount } from '../worker/supervisor.ts'
import { announce } from './announce.ts'
import { collectWhenQuiet } from './quiet-collector.ts'
import { stopSignal } from './stop-signal.ts'
import { supervise } from './supervise.ts'

/** What runs when no file, variable or flag says anything. */
const embeddedDefault = ['--entryPoints.web.address=:8080']

/** `sluice [run]`: serves until SIGTERM or SIGINT. Gives the exit code. */
export async function run(flags: readonly string[]): Promise<number> {
  const loaded = await loadConfiguration(flags)
  for (const problem of loaded.problems) console.error(formatProblem(problem))
  const { configuration } = loaded
  if (configuration === undefined || hasErrors(loaded.problems)) {
    console.error('sluice: not started, because of the mistakes above')
    return 1
  }
  try {
    if (workerCount(configuration) > 1) {
      const { file, servesWhoami } = loaded
      return await supervise({ configuration, file, servesWhoami }, () => loadConfiguration(flags))
    }
    const log = openProcessLog(configuration.log)
    guardProcess(log)
    return await serve(configuration, loaded, log)
  } catch (thrown) {
    console.error(`sluice: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return 1
  }
}

export interface LoadedConfiguration extends LoadedStatic {
  readonly servesWhoami: boolean
}

/** The static configuration, or the embedded default when there is none at all. */
export async function loadConfiguration(flags: readonly string[]): Promise<LoadedConfiguration> {
  const surroundings = { environment: process.env, workingDirectory: process.cwd() }
  const loaded = await loadStatic({ ...surroundings, argv: flags })
  if (loaded.isConfigured || hasErrors(loaded.problems)) return { ...loaded, servesWhoami: false }
  return { ...(await loadStatic({ ...surroundings, argv: embeddedDefault })), servesWhoami: true }
}

async function serve(configuration: StaticConfiguration, loaded: LoadedConfiguration, log: Log): Promise<number> {
  const { file: staticFile, servesWhoami } = loaded
  // Asked for before the start, so that a signal which comes meanwhile is not lost.
  const stopped = stopSignal(log)
  const app = new App({ configuration, staticFile, environment: process.env, servesWhoami, log })
  // Before the start too: unhandled, these signals would end the process.
  process.on('SIGHUP', () => app.reload())
  process.on('SIGUSR1', () => void app.reopenLogs())
  const bound = await app.start()
  announce(bound, { configuration, servesWhoami, log })
  collectWhenQuiet()
  await stopped
  app.terminate()
  await app.close()
  return 0
}
