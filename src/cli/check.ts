import { internalServices } from '../admin/internal-services.ts'
import { loadConfiguration, type LoadedConfiguration } from './run.ts'
import type { CheckFormat } from './arguments.ts'
import { decodeDynamicSteps } from '../config/dynamic.ts'
import { formatProblem, hasErrors, problemToJson, sortProblems, type Problem } from '../config/problem.ts'
import type { StaticConfiguration } from '../config/static.ts'
import { silentLog } from '../observe/log.ts'
import type { Provider, ProviderUpdate } from '../provider/define.ts'
import { configuredProviders } from '../provider/configured.ts'
import { mergeProviders } from '../provider/merge.ts'
import { buildSnapshot } from '../snapshot/build.ts'
import { internalProvider } from '../snapshot/internal-provider.ts'
import { KeptState } from '../snapshot/kept-state.ts'
import { TransportStore } from '../snapshot/transports.ts'

/** `sluice check`: everything that a start would find wrong, without opening a port. Gives the exit code. */
export async function check(flags: readonly string[], format: CheckFormat): Promise<number> {
  const loaded = await loadConfiguration(flags)
  const problems = await findProblems(loaded)
  const isValid = !hasErrors(problems)
  if (format === 'json') {
    console.log(JSON.stringify({ valid: isValid, problems: problems.map(problemToJson) }, null, 2))
  } else {
    for (const problem of problems) console.log(formatProblem(problem))
    console.log(summary(problems, loaded))
  }
  return isValid ? 0 : 1
}

/** Of the static configuration and of the dynamic one that it leads to. */
export async function findProblems(loaded: LoadedConfiguration): Promise<Problem[]> {
  const { configuration } = loaded
  const dynamic = configuration === undefined ? await checkElements(loaded) : await checkDynamic(configuration, loaded)
  return sortProblems([...loaded.problems, ...dynamic])
}

function summary(problems: readonly Problem[], loaded: LoadedConfiguration): string {
  const { file, configuration, dynamicFiles } = loaded
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const what = file ?? (loaded.servesWhoami ? 'no configuration found, the embedded default' : 'the configuration')
  const unread = dynamicFiles === undefined ? 'the dynamic configuration' : 'how the dynamic elements fit together'
  if (problems.length === 0) return `${what}: no mistakes`
  const found = `${what}: ${count(errors, 'error')}, ${count(warnings, 'warning')}`
  return configuration === undefined ? `${found}; ${unread} was not looked at` : found
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Each by itself: without a static configuration nobody knows what there is to refer to. */
async function checkElements(loaded: LoadedConfiguration): Promise<readonly Problem[]> {
  return mergeProviders(await firstUpdates(configuredOnes(loaded))).problems
}

async function checkDynamic(configuration: StaticConfiguration, loaded: LoadedConfiguration): Promise<Problem[]> {
  const { servesWhoami } = loaded
  const internal = internalProvider({ static: configuration, servesWhoami, boundPort: () => undefined })
  const merged = mergeProviders(await firstUpdates([...configuredOnes(loaded), internal]))
  const snapshot = await buildSnapshot({
    static: configuration,
    dynamic: merged.configuration,
    transports: new TransportStore({ fastProxy: false, limits: noLimits }),
    kept: new KeptState(),
    internal: internalServices({ static: configuration, view: () => undefined, isTerminating: () => false }),
    tracing: undefined,
    hostname: '',
    alpn: ['http/1.1'],
    log: silentLog,
    runCheck: () => () => {},
    previous: undefined,
    boundPort: () => undefined,
    buildsUnused: true,
  })
  await snapshot.retire()
  return [...merged.problems, ...snapshot.problems]
}

const noLimits = { maxHeadBytes: 0, maxTargetBytes: 0, maxFields: 0 }

function configuredOnes({ file: staticFile, dynamicFiles }: LoadedConfiguration): Provider[] {
  const scope = { decode: decodeDynamicSteps, log: silentLog, environment: process.env, staticFile }
  return configuredProviders({ file: dynamicFiles && { ...dynamicFiles, watch: false } }, scope)
}

/** What each provider says first. */
async function firstUpdates(providers: readonly Provider[]): Promise<ReadonlyMap<string, ProviderUpdate>> {
  const updates = new Map<string, ProviderUpdate>()
  for (const provider of providers) {
    for await (const update of provider.start()) {
      updates.set(provider.name, update)
      break
    }
    provider.close()
  }
  return updates
}
