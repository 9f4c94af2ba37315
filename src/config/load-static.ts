import { dirname, resolve } from 'node:path'
import { fileProvider, type FileOptions } from '../provider/file.ts'
import { type ConfigNode, findEntry } from './node.ts'
import { type Problem, ProblemCollector, sortProblems } from './problem.ts'
import { invalid, Place } from './schema.ts'
import { mergeSources, type SourceOptions } from './sources.ts'
import { decodeStatic, type StaticConfiguration, staticSchema } from './static.ts'

export interface LoadedStatic {
  /** Undefined when there is any error. */
  readonly configuration: StaticConfiguration | undefined
  /** Where the dynamic files are, which can be told in spite of errors elsewhere. */
  readonly dynamicFiles: FileOptions | undefined
  readonly problems: readonly Problem[]
  /** The absolute path of the configuration file; undefined when there is none. */
  readonly file: string | undefined
  /** Whether a file, a flag or an environment variable says anything at all. */
  readonly isConfigured: boolean
}

/** The static configuration from all its sources: file, then `SLUICE_…` variables, then flags. */
export async function loadStatic(options: SourceOptions): Promise<LoadedStatic> {
  const { node, problems, file, isConfigured } = await mergeSources(options, staticSchema.describe())
  if (node === undefined) return { configuration: undefined, dynamicFiles: undefined, problems, file, isConfigured }
  const isReadByFileProvider = file !== undefined && isProvided(node, file, options.workingDirectory)
  const decoded = decodeStatic(node, { isReadByFileProvider })
  const all = sortProblems([...problems, ...decoded.problems])
  const hasErrors = all.some((problem) => problem.severity === 'error')
  const configuration = hasErrors ? undefined : decoded.configuration
  return { configuration, dynamicFiles: dynamicFiles(node), problems: all, file, isConfigured }
}

/** The mistakes in it have been told already. */
function dynamicFiles(root: ConfigNode): FileOptions | undefined {
  const node = nodeAt(root, ['providers', 'file'])
  const decoded = node && fileProvider.options.decode(node, new Place(new ProblemCollector()))
  return decoded === invalid ? undefined : decoded
}

/** Whether the file provider would read the static file itself as dynamic configuration. */
function isProvided(node: ConfigNode, file: string, workingDirectory: string): boolean {
  const directory = textAt(node, ['providers', 'file', 'directory'])
  if (directory !== undefined) return resolve(workingDirectory, directory) === dirname(file)
  const filename = textAt(node, ['providers', 'file', 'filename'])
  return filename !== undefined && resolve(workingDirectory, filename) === file
}

function textAt(root: ConfigNode, path: readonly string[]): string | undefined {
  const node = nodeAt(root, path)
  return node?.kind === 'scalar' ? node.text : undefined
}

function nodeAt(node: ConfigNode, [key, ...rest]: readonly string[]): ConfigNode | undefined {
  if (key === undefined) return node
  const found = node.kind === 'map' ? findEntry(node, key) : undefined
  return found === undefined ? undefined : nodeAt(found.entry.node, rest)
}
