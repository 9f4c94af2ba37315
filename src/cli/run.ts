import { writeFileSync } from 'node:fs'
import { App } from '../app.ts'
import { loadStatic, type LoadedStatic } from '../config/load-static.ts'
import { formatProblem, hasErrors } from '../config/problem.ts'
import type { StaticConfiguration } from '../config/static.ts'
import { createLog, writeStandardError, type Log } from '../observe/log.ts'
import { openLogWriter } from '../observe/log-writer.ts'
import { collectWhenQuiet } from './quiet-collector.ts'

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
    const log = buildLog(configuration)
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
  announce(bound, servesWhoami)
  collectWhenQuiet()
  if (!servesWhoami && !hasProvider(configuration)) {
    console.error('sluice: no provider is configured, so there are no routers (providers.file.filename names a file)')
  }
  await stopped
  await app.close()
  return 0
}

function announce(bound: readonly { name: string; address: string }[], servesWhoami: boolean): void {
  // Written at once and not by console.log: whoever started the process waits for this very line.
  writeFileSync(1, `sluice ready: ${bound.map(({ name, address }) => `${name}=${address}`).join(' ')}\n`)
  const [first] = bound
  if (!servesWhoami || first === undefined) return
  const port = first.address.slice(first.address.lastIndexOf(':') + 1)
  writeFileSync(1, `No configuration found, so whoami answers everything. Try: curl http://127.0.0.1:${port}/\n`)
}

/** Without one every request is answered with 404, and nothing else would say why. */
function hasProvider({ providers }: StaticConfiguration): boolean {
  const { providersThrottleDuration: _, precedence: __, ...kinds } = providers
  return Object.values(kinds).some((options) => options !== undefined)
}

function stopSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info('shutting down', { signal })
      resolve()
    })
  }
  return promise
}

/** The last net: a fault that no layer has caught is logged, and the process goes on serving everybody else. */
function guardProcess(log: Log): void {
  const report = (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    log.error(`unexpected: ${error.message}`, { stack: error.stack })
  }
  process.on('uncaughtException', report)
  process.on('unhandledRejection', report)
}

function buildLog({ log }: StaticConfiguration): Log {
  const { level, format, noColor, filePath } = log
  return createLog({
    level,
    format,
    noColor: noColor || filePath !== undefined || process.stderr.isTTY !== true,
    write: filePath === undefined ? writeStandardError : openLogWriter(filePath),
  })
}
