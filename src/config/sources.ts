import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { assign, compareByPath } from './assign.ts'
import type { Description } from './decoder.ts'
import { documentFormat, type ParsedDocument, parseDocument } from './document.ts'
import { type Environment, environmentAssignments } from './environment.ts'
import { parseFlags } from './flags.ts'
import type { ConfigNode } from './node.ts'
import { type Problem, ProblemCollector, type Source } from './problem.ts'

export interface SourceOptions {
  /** Arguments after the command's name. */
  readonly argv: readonly string[]
  readonly environment: Environment
  readonly workingDirectory: string
}

export interface MergedSources {
  /** Undefined when there is a file that can't be read or parsed: what the rest would mean without it is unknown. */
  readonly node: ConfigNode | undefined
  readonly problems: readonly Problem[]
  /** The absolute path of the file that was read. */
  readonly file: string | undefined
  /** Whether anything at all was given: a file, a variable or a flag. */
  readonly isConfigured: boolean
}

/** File, then environment, then flags: each later one wins leaf by leaf. */
export async function mergeSources(options: SourceOptions, schema: Description): Promise<MergedSources> {
  const { argv, environment, workingDirectory } = options
  const flags = parseFlags(argv, schema)
  const problems = new ProblemCollector()
  problems.addAll(flags.problems)
  const located = await locateFile(options, flags.configFile)
  if (located.kind === 'missing') {
    const source: Source = { kind: 'flag', flag: '--configFile' }
    problems.add({ severity: 'error', source, path: '', message: `${located.reason}: ${located.file}` })
    return { node: undefined, problems: problems.sorted(), file: undefined, isConfigured: true }
  }

  const file = located.kind === 'found' ? resolve(workingDirectory, located.file) : undefined
  const document = located.kind === 'found' ? await readDocument(located.file, workingDirectory) : emptyDocument
  problems.addAll(document.problems)
  const variables = environmentAssignments(environment).sort(compareByPath)
  const assignments = [...variables, ...flags.assignments.toSorted(compareByPath)]
  // A flag that is none must not lead to the embedded default, as if nothing had been said.
  const isConfigured = file !== undefined || assignments.length > 0 || flags.problems.length > 0
  let node = document.node
  // A document that is no map is left as it is, for the decoder to say so.
  if (node?.kind === 'map') for (const given of assignments) node = assign(node, schema, { ...given, problems })
  return { node, problems: problems.sorted(), file, isConfigured }
}

const emptyDocument: ParsedDocument = {
  node: { kind: 'map', entries: new Map(), source: { kind: 'flag', flag: 'command line' } },
  problems: [],
}

type LocatedFile =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'missing'; readonly file: string; readonly reason: string }
  | { readonly kind: 'none' }

async function locateFile(options: SourceOptions, configFile: string | undefined): Promise<LocatedFile> {
  const { environment, workingDirectory } = options
  if (configFile !== undefined) {
    const kind = await kindOf(resolve(workingDirectory, configFile))
    if (kind === 'file') return { kind: 'found', file: configFile }
    const reason = kind === 'directory' ? 'is a directory, not a file' : 'no such file'
    return { kind: 'missing', file: configFile, reason }
  }
  for (const file of standardFiles(environment)) {
    if ((await kindOf(resolve(workingDirectory, file))) === 'file') return { kind: 'found', file }
  }
  return { kind: 'none' }
}

/** Where a file is looked for when no flag names one, in order; relative ones are in the working directory. */
export function standardFiles({ XDG_CONFIG_HOME, HOME }: Environment): string[] {
  const directories = ['', '/etc/sluice']
  if (XDG_CONFIG_HOME) directories.push(join(XDG_CONFIG_HOME, 'sluice'))
  if (HOME) directories.push(join(HOME, '.config', 'sluice'))
  return directories.flatMap((directory) => ['yaml', 'yml', 'toml'].map((end) => join(directory, `sluice.${end}`)))
}

async function readDocument(file: string, workingDirectory: string): Promise<ParsedDocument> {
  const source: Source = { kind: 'file', file, line: 1, column: 1 }
  const format = documentFormat(file)
  if (format === undefined)
    return unreadable(source, 'unsupported file extension (expected .yaml, .yml, .toml or .json)')
  try {
    const text = await readFile(resolve(workingDirectory, file), 'utf8')
    const document = parseDocument({ file, text, format })
    const isEmpty = document.node?.kind === 'map' && document.node.entries.size === 0
    if (isEmpty && document.problems.length === 0) return unreadable(source, 'no configuration found in this file')
    return document
  } catch (thrown) {
    return unreadable(source, `can not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

function unreadable(source: Source, message: string): ParsedDocument {
  return { node: undefined, problems: [{ severity: 'error', source, path: '', message }] }
}

async function kindOf(path: string): Promise<'file' | 'directory' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch {
    return 'nothing'
  }
}
