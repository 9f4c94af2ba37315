import { join } from 'node:path'

const projectFolder = join(import.meta.dir, '../..')

export interface SourceFile {
  /** From the project's folder, `src/http/body.ts`. */
  readonly path: string
  readonly text: string
}

/** All of the project's TypeScript, or that of some folders. */
export function sourceFiles(folders: readonly string[] = ['src', 'test', 'scripts']): Promise<SourceFile[]> {
  const paths = folders.flatMap((folder) => {
    const found = new Bun.Glob('**/*.ts').scanSync({ cwd: join(projectFolder, folder) })
    return [...found].map((path) => `${folder}/${path}`)
  })
  return Promise.all(
    paths.sort().map(async (path) => ({ path, text: await Bun.file(join(projectFolder, path)).text() })),
  )
}

const transpiler = new Bun.Transpiler({ loader: 'ts' })

/** Files of the project that a file needs when it runs: type-only imports are not among them. Paths as in SourceFile. */
export function valueImports({ path, text }: SourceFile): string[] {
  const imports = transpiler.scanImports(text).map((found) => found.path)
  return imports.filter((found) => found.startsWith('.')).map((found) => join(path, '..', found))
}

export interface FunctionSpan {
  readonly line: number
  readonly lines: number
}

const functionOpens = [
  /=> \{$/,
  /^\s*(export )?(default )?(async )?function\b.*\{$/,
  // A method: a name, parameters, perhaps a return type. Control statements have a space before the bracket.
  /^\s*((static|async|get|set|override|private|public|protected)\s)*[#*]?[\w$[\].]+(<[^>]*>)?\(.*\{$/,
]
/** The end of a signature over several lines. */
const longSignatureEnds = /^\s*\)(: .*)? \{$/

/**
 * Functions by their first and last line, found by indentation, which the formatter guarantees. A template that has a
 * closing brace at its function's indentation makes that function look shorter than it is, never longer.
 */
export function functionSpans({ text }: SourceFile): FunctionSpan[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const opens = functionOpens.some((pattern) => pattern.test(line)) || longSignatureEnds.test(line)
    if (!opens) return []
    const indentation = line.slice(0, line.length - line.trimStart().length)
    const end = lines.findIndex((later, at) => at > index && later.startsWith(`${indentation}}`))
    return end < 0 ? [] : [{ line: index + 1, lines: end - index + 1 }]
  })
}
