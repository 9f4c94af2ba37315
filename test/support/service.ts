import { invalid, Place } from '../../src/config/schema.ts'
import { formatProblem, ProblemCollector } from '../../src/config/problem.ts'
import { silentLog } from '../../src/observe/log.ts'
import type { ForwardTarget, ServiceDefinition, ServiceHandle, ServiceScope } from '../../src/service/define.ts'
import { makeResponse } from './request.ts'
import { toNode } from './middleware.ts'

/** A scope that has nothing: servers answer with their own URL in X-Server, nothing is probed. */
const emptyScope: ServiceScope = {
  name: 'app@file',
  service: (name) => {
    throw new Error(`the service "${name}@file" does not exist`)
  },
  transport: () => ({ transport: { send: () => Promise.reject(new Error('not used')), close: () => {} }, key: '' }),
  forward: ({ server }: ForwardTarget) => {
    return () => Promise.resolve(makeResponse({ headers: ['X-Server', server.origin] }))
  },
  keep: (_, make) => make(),
  share: (_, make) => make(),
  runCheck: () => () => {},
  log: silentLog,
}

/** The service that a configuration with these options would build. */
export function buildService(
  definition: ServiceDefinition,
  options: unknown,
  scope: Partial<ServiceScope> = {},
): ServiceHandle {
  const problems = new ProblemCollector()
  const decoded = definition.options.decode(toNode(options), new Place(problems))
  if (decoded === invalid) throw new Error(problems.sorted().map(formatProblem).join('\n'))
  return definition.build(decoded, { ...emptyScope, ...scope })
}

/** A service whose status can be switched. */
export interface SwitchedService extends ServiceHandle {
  readonly status: { isUp: boolean; readonly servers: ReadonlyMap<string, boolean> }
}

/** Answers with its name in X-Server. */
export function switchedService(name: string): SwitchedService {
  return {
    handler: () => Promise.resolve(makeResponse({ headers: ['X-Server', name] })),
    status: { isUp: true, servers: new Map() },
  }
}

/** A scope with these services. */
export function scopeOf(services: Readonly<Record<string, ServiceHandle>>): Partial<ServiceScope> {
  return {
    service: (name) => {
      const found = services[name]
      if (found === undefined) throw new Error(`the service "${name}@file" does not exist`)
      return found
    },
  }
}
