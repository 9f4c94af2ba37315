import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { documentFormat, readDocument } from '../config/document.ts'
import type { decodeDynamicSteps } from '../config/dynamic.ts'
import type { ConfigNode, MapEntry } from '../config/node.ts'
import type { Problem, Source } from '../config/problem.ts'
import { inSlices, type Steps } from '../config/steps.ts'
import { TextLines } from '../config/text-position.ts'
import type { FileState } from './file-state.ts'
import { keepLastGood, unreadable } from './file-state.ts'
import type { Environment } from './template/function.ts'
import { renderTemplateSteps } from './template/render.ts'

export interface FileReader {
  readonly provider: string
  readonly decode: typeof decodeDynamicSteps
  readonly environment: Environment
  /** The real path of the static configuration file, whose static sections are no mistake. */
  readonly staticFile: string | undefined
  /** Shows what a template made. */
  readonly onRendered: (file: string, text: string) => void
}

/** Reads one file again. Whatever can't be read or is wrong keeps its last good version, which `previous` holds. */
export async function readConfigurationFile(
  reader: FileReader,
  path: string,
  previous: FileState | undefined,
): Promise<FileState> {
  const outcome = await readText(path)
  if (!outcome.ok) return unreadable({ path, previous }, [wholeFileProblem(path, outcome.message)])
  if (previous?.text === outcome.text) return previous
  const file = { path, text: outcome.text, previous }
  try {
    return await decodeText(reader, file)
  } catch (thrown) {
    // A fault of the program that one file brings out must not cost the others.
    return unreadable(file, [wholeFileProblem(path, `can't be decoded: ${reasonOf(thrown)}`)])
  }
}

interface ReadFile {
  readonly path: string
  readonly text: string
  readonly previous: FileState | undefined
}

async function decodeText(reader: FileReader, { path, text, previous }: ReadFile): Promise<FileState> {
  const lines = new TextLines(text)
  const rendered = await inSlices(renderTemplateSteps(text, reader.environment))
  if (!rendered.ok) {
    const source: Source = { kind: 'file', file: path, ...lines.positionOf(rendered.offset) }
    const problem: Problem = { severity: 'error', source, path: '', message: `template: ${rendered.message}` }
    return unreadable({ path, previous, text }, [problem])
  }
  const isTemplate = rendered.text !== text
  if (isTemplate) reader.onRendered(path, rendered.text)
  const format = documentFormat(path) ?? 'yaml'
  const parsed = await readDocument({ file: path, text: rendered.text, format })
  const relocation = isTemplate ? relocate(rendered, lines) : undefined
  const problems = relocation === undefined ? parsed.problems : parsed.problems.map(relocation.problem)
  if (parsed.node === undefined) return unreadable({ path, previous, text }, problems)
  const node = relocation === undefined ? parsed.node : await inSlices(relocation.node(parsed.node))
  const isStaticFile = reader.staticFile === resolve(path)
  const document = { provider: reader.provider, file: path, text, isStaticFile }
  const decoding = await inSlices(reader.decode(node, document))
  const all = [...problems, ...decoding.problems]
  if (problems.some((problem) => problem.severity === 'error')) return unreadable({ path, previous, text }, all)
  return keepLastGood({ path, previous, text }, { ...decoding, problems: all })
}

type TextOutcome = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string }

async function readText(path: string): Promise<TextOutcome> {
  try {
    // Opening a named pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return { ok: false, message: 'is not a file' }
    return { ok: true, text: await readFile(path, 'utf8') }
  } catch (thrown) {
    return { ok: false, message: `can't be read: ${reasonOf(thrown)}` }
  }
}

export function wholeFileProblem(path: string, message: string): Problem {
  return { severity: 'error', source: { kind: 'file', file: path, line: 1, column: 1 }, path: '', message }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links lead in a circle',
}

export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  return reasons[code] ?? thrown.message
}

interface Relocation {
  readonly node: (node: ConfigNode) => Steps<ConfigNode>
  readonly problem: (problem: Problem) => Problem
}

/** Leads places in what a template made back to the file: the text that was copied, or the action that wrote it. */
function relocate(rendered: { text: string; sourceOffset: (offset: number) => number }, lines: TextLines): Relocation {
  const renderedLines = new TextLines(rendered.text)
  const source = (place: Source): Source => {
    if (place.kind !== 'file') return place
    const offset = rendered.sourceOffset(renderedLines.offsetOf(place))
    return { kind: 'file', file: place.file, ...lines.positionOf(offset) }
  }
  return {
    node: (node) => withSources(node, source),
    problem: (problem) => ({ ...problem, source: source(problem.source) }),
  }
}

function* withSources(node: ConfigNode, source: (place: Source) => Source): Steps<ConfigNode> {
  if (node.kind === 'scalar') return { kind: 'scalar', text: node.text, value: node.value, source: source(node.source) }
  yield
  if (node.kind === 'list') {
    const items: ConfigNode[] = []
    for (const item of node.items) items.push(yield* withSources(item, source))
    return { kind: 'list', items, source: source(node.source) }
  }
  const entries = new Map<string, MapEntry>()
  for (const [key, entry] of node.entries) {
    entries.set(key, { keySource: source(entry.keySource), node: yield* withSources(entry.node, source) })
  }
  return { kind: 'map', entries, source: source(node.source) }
}
