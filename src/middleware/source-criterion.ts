import { boolean, nonEmptyText, object, optional, refine, withDefault, type Infer } from '../config/schema.ts'
import { headerValue } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'
import { addressBy, ipStrategy } from './ip-strategy.ts'

const fields = object({
  ipStrategy: optional(ipStrategy),
  requestHeaderName: optional(nonEmptyText),
  requestHost: withDefault(boolean, false),
})

/** `sourceCriterion`: what makes two requests come from one source. */
export const sourceCriterion = refine(fields, (criterion) => {
  const given = [
    criterion.ipStrategy === undefined ? undefined : 'ipStrategy',
    criterion.requestHeaderName === undefined ? undefined : 'requestHeaderName',
    criterion.requestHost ? 'requestHost' : undefined,
  ].filter((name) => name !== undefined)
  return given.length > 1 ? `has ${given.join(' and ')} (expected only one of them)` : undefined
})

export type SourceCriterion = Infer<typeof sourceCriterion>

/** Tells the source of a request. '' is a source too: that of all requests which lack what is asked for. */
export function buildSource(
  criterion: SourceCriterion | undefined,
  fallback: 'address' | 'host',
): (request: HttpRequest) => string {
  if (criterion?.requestHeaderName !== undefined) {
    const lower = criterion.requestHeaderName.toLowerCase()
    // Host is not among the fields, but it is one to whoever writes the configuration.
    if (lower === 'host') return hostOf
    return (request) => headerValue(request.headers, lower) ?? ''
  }
  if (criterion?.ipStrategy !== undefined) return addressBy(criterion.ipStrategy)
  if (criterion?.requestHost === true || fallback === 'host') return hostOf
  return addressBy(undefined)
}

/** Host names are the same in any case: `A.test` must not get a limit of its own beside `a.test`. */
function hostOf(request: HttpRequest): string {
  return request.host.toLowerCase()
}
