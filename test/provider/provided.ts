import { decodeDynamicSteps } from '../../src/config/dynamic.ts'
import { formatProblem } from '../../src/config/problem.ts'
import type { Log } from '../../src/observe/log.ts'
import { silentLog } from '../../src/observe/log.ts'
import type { ProviderUpdate } from '../../src/provider/define.ts'
import { fileProvider, type FileOptions } from '../../src/provider/file.ts'
import { within } from './within.ts'

export interface Provided extends Disposable {
  /** The next update that has not been taken yet. */
  next(): Promise<ProviderUpdate>
  /** The first update for which the condition holds: a change of several steps may be seen in several updates. */
  until(condition: (update: ProviderUpdate) => boolean): Promise<ProviderUpdate>
  reload(): void
}

interface ProvidedOptions extends Partial<FileOptions> {
  readonly environment?: Record<string, string>
  readonly staticFile?: string
  readonly log?: Log
}

/** The file provider at work; every wait has a deadline. */
export function provide({ environment = {}, staticFile, log = silentLog, ...options }: ProvidedOptions): Provided {
  const provider = fileProvider.build(
    { filename: undefined, directory: undefined, watch: true, debugLogGeneratedTemplate: false, ...options },
    { decode: decodeDynamicSteps, environment, staticFile, log },
  )
  const updates = provider.start()[Symbol.asyncIterator]()
  async function next(): Promise<ProviderUpdate> {
    const result = await within(updates.next(), 'an update')
    if (result.done === true) throw new Error('the provider has ended')
    return result.value
  }
  return {
    next,
    until: async (condition) => {
      for (;;) {
        const update = await next()
        if (condition(update)) return update
      }
    },
    reload: () => provider.reload(),
    [Symbol.dispose]: () => provider.close(),
  }
}

/** The problems as a user sees them, with paths relative to the folder. */
export function problemsIn({ problems }: Pick<ProviderUpdate, 'problems'>, folder: string): string[] {
  return problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ''))
}

export function routersIn(update: ProviderUpdate): Record<string, string> {
  const routers = [...update.configuration.httpRouters.values()]
  return Object.fromEntries(routers.map(({ name, value }) => [name, value.rule.text]))
}

/** A document with one router for each name, all with the rule of that path. */
export function routers(rules: Record<string, string>): string {
  const lines = Object.entries(rules).map(([name, path]) => `    ${name}: { rule: Path(\`${path}\`), service: app }\n`)
  return `http:\n  routers:\n${lines.join('')}`
}
