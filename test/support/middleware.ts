import { invalid, Place, type ConfigNode, type Decoder } from '../../src/config/schema.ts'
import { formatProblem, ProblemCollector, type Source } from '../../src/config/problem.ts'
import type { Middleware } from '../../src/http/message.ts'
import { silentLog } from '../../src/observe/log.ts'
import type { MiddlewareDefinition, MiddlewareScope } from '../../src/middleware/define.ts'

const source: Source = { kind: 'flag', flag: 'test' }

/** A plain value as the node that a file with it would give. */
export function toNode(value: unknown): ConfigNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(toNode), source }
  if (typeof value !== 'object' || value === null) {
    return { kind: 'scalar', text: String(value), value: value as string, source }
  }
  const entries = Object.entries(value).map(([key, part]) => [key, { keySource: source, node: toNode(part) }] as const)
  return { kind: 'map', entries: new Map(entries), source }
}

/** What decoding these options reports, each as `path: message`. */
export function problemsOf(definition: { readonly options: Decoder<unknown> }, options: unknown): string[] {
  const problems = new ProblemCollector()
  definition.options.decode(toNode(options), new Place(problems))
  return problems.sorted().map((problem) => formatProblem(problem).replace(/^test: /, ''))
}

const emptyScope: MiddlewareScope = {
  name: 'tested@file',
  log: silentLog,
  middleware: (name) => {
    throw new Error(`no middleware ${name}`)
  },
  service: (name) => {
    throw new Error(`no service ${name}`)
  },
  transport: () => {
    throw new Error('no transport')
  },
  keep: (_, make) => make(),
  share: (_, make) => make(),
}

/** The middleware that a configuration with these options would build. */
export function buildMiddleware(
  definition: MiddlewareDefinition,
  options: unknown,
  scope: Partial<MiddlewareScope> = {},
): Middleware {
  const problems = new ProblemCollector()
  const decoded = definition.options.decode(toNode(options), new Place(problems))
  if (decoded === invalid) throw new Error(problems.sorted().map(formatProblem).join('\n'))
  return definition.build(decoded, { ...emptyScope, ...scope })
}
