/** Where a value was written. Lines and columns count from 1, columns in UTF-16 units as editors show them. */
export type Source =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }

export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly source: Source
  /** `http.routers.app.rule`; empty for the document as a whole. */
  readonly path: string
  readonly message: string
}

/** What `check --format=json` prints for one problem. */
export interface ProblemJson {
  readonly severity: 'error' | 'warning'
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly flag?: string
  readonly variable?: string
  readonly path: string
  readonly message: string
}

/** Gathers the problems of one or more documents, so that all of them are told at once. */
export class ProblemCollector {
  readonly #problems: Problem[] = []

  add(problem: Problem): void {
    this.#problems.push(problem)
  }

  addAll(problems: Iterable<Problem>): void {
    for (const problem of problems) this.add(problem)
  }

  get hasErrors(): boolean {
    return hasErrors(this.#problems)
  }

  sorted(): Problem[] {
    return sortProblems(this.#problems)
  }
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** In reading order: files by name, line and column, then environment variables, then flags. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => compareSources(a.source, b.source) || compareText(a.path, b.path))
}

/** `file:line:column: path.to.key: what is wrong (what is allowed)`; a flag or variable stands where the file would. */
export function formatProblem(problem: Problem): string {
  const severity = problem.severity === 'warning' ? 'warning: ' : ''
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${formatSource(problem.source)}: ${path}${severity}${problem.message}`
}

export function formatSource(source: Source): string {
  switch (source.kind) {
    case 'file':
      return `${source.file}:${source.line}:${source.column}`
    case 'flag':
      return source.flag
    case 'environment':
      return source.variable
  }
}

export function problemToJson(problem: Problem): ProblemJson {
  const { kind: _, ...place } = problem.source
  return { severity: problem.severity, ...place, path: problem.path, message: problem.message }
}

const sourceRank = { file: 0, environment: 1, flag: 2 } as const

function compareSources(a: Source, b: Source): number {
  if (a.kind === 'file' && b.kind === 'file') {
    return compareText(a.file, b.file) || a.line - b.line || a.column - b.column
  }
  return sourceRank[a.kind] - sourceRank[b.kind] || compareText(formatSource(a), formatSource(b))
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
