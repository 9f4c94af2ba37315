import { App } from '../../src/app.ts'
import { loadStatic } from '../../src/config/load-static.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { createLog } from '../../src/observe/log.ts'
import { within } from '../provider/within.ts'
import { temporaryFolder } from './temporary.ts'

/** A proxy in this process whose configuration can be replaced. */
export interface RunningApp extends AsyncDisposable {
  readonly url: string
  /** Entries of the process log. */
  readonly entries: readonly string[]
  /** Resolves when the new configuration is in use. */
  reconfigure(dynamic: string): Promise<void>
  /** Resolves with the first entry of the log, past or future, that contains the text. */
  logged(text: string): Promise<void>
}

export async function startApp(dynamic: string, flags: readonly string[] = []): Promise<RunningApp> {
  const folder = await temporaryFolder()
  const file = await folder.write('dynamic.yaml', dynamic)
  const argv = [
    'entryPoints.web.address=127.0.0.1:0',
    'entryPoints.web.transport.lifeCycle.graceTimeOut=1s',
    `providers.file.filename=${file}`,
    'providers.file.watch=false',
    'providers.providersThrottleDuration=0',
    ...flags,
  ].map((flag) => `--${flag}`)
  const { configuration, problems } = await loadStatic({ argv, environment: {}, workingDirectory: folder.path })
  if (configuration === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  const entries: string[] = []
  let changed = Promise.withResolvers<void>()
  const write = (entry: string) => {
    entries.push(entry)
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const log = createLog({ level: 'DEBUG', format: 'common', noColor: true, write })
  const app = new App({ configuration, staticFile: undefined, environment: {}, servesWhoami: false, log })
  const [bound] = await app.start()
  const logged = async (text: string) => {
    while (!entries.some((entry) => entry.includes(text))) await within(changed.promise, `log entry "${text}"`)
  }
  let version = 0
  return {
    url: `http://${bound!.address}`,
    entries,
    logged,
    async reconfigure(next) {
      // A router that can't be built is reported when the configuration that has it has been.
      const marker = `marker${++version}`
      await folder.write(
        'dynamic.yaml',
        next.replace(/^ {2}routers:$/m, `$&\n    ${marker}: { rule: "Path(\`/${marker}\`)", service: no${marker} }`),
      )
      app.reload()
      await logged(`no${marker}`)
      await Bun.sleep(0)
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
