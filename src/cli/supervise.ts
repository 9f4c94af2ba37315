import { guardProcess, openProcessLog } from '../observe/process-log.ts'
import type { Settings } from '../worker/generation.ts'
import { Supervisor, type LoadedSettings } from '../worker/supervisor.ts'
import { workerCommand } from '../worker/worker-command.ts'
import { announce } from './announce.ts'
import { collectWhenQuiet } from './quiet-collector.ts'
import { stopSignal } from './stop-signal.ts'

/**
 * `workers` is more than one: serves by as many processes until SIGTERM or SIGINT. Gives the exit code. Throws an Error
 * with a plain message when no worker can start.
 */
export async function supervise(settings: Settings, load: () => Promise<LoadedSettings>): Promise<number> {
  const log = openProcessLog(settings.configuration.log)
  guardProcess(log)
  const supervisor = new Supervisor({ settings, load, command: workerCommand(), log, openLog: openProcessLog })
  // Before the start, so that signals which come meanwhile neither end the process nor are lost.
  let isStopping = false
  const stopped = stopSignal(log).then(() => {
    isStopping = true
    return supervisor.stop()
  })
  process.on('SIGHUP', () => void supervisor.reload())
  process.on('SIGUSR1', () => supervisor.reopenLogs())
  try {
    const bound = await supervisor.start()
    if (!isStopping) announce(bound, { ...settings, log })
    collectWhenQuiet()
  } catch (thrown) {
    // Workers that are told to stop before they listen have not failed.
    if (!isStopping) throw thrown
  }
  await stopped
  return 0
}
