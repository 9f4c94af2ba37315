import { forwardedPort, isManaged } from '../../http/forwarded.ts'
import { headerValue, joinedHeader, keepHeaders, type Headers } from '../../http/headers.ts'
import { requestTarget, type HttpRequest } from '../../http/message.ts'
import { withoutHopFields } from './hop-fields.ts'

export interface QuestionOptions {
  /**
   * Whether X-Forwarded fields of earlier hops are handed on. Undefined, Traefik's way when the key is not given: the
   * ones that say what the request is are overwritten, the others pass.
   */
  readonly trustForwardHeader: boolean | undefined
  /** In lower case: only these fields of the client's are sent; undefined: all. */
  readonly allowed: ReadonlySet<string> | undefined
}

/** The fields of the request that asks about `request`. */
export function questionHeaders(request: HttpRequest, { trustForwardHeader, allowed }: QuestionOptions): Headers {
  const kept = keepHeaders(withoutHopFields(request.headers), (name) => {
    const lower = name.toLowerCase()
    // A question has no body to wait for.
    if (lower === 'expect') return false
    if (isManaged(lower)) {
      if (trustForwardHeader === false) return false
      if (trustForwardHeader === true) return true
    }
    return allowed?.has(lower) ?? true
  })
  const told = trustForwardHeader === true ? trustedFields(request) : ownFields(request, trustForwardHeader === false)
  const names = new Set(told.map(([name]) => name.toLowerCase()))
  return [...keepHeaders(kept, (name) => !names.has(name.toLowerCase())), ...told.flat()]
}

type Field = readonly [name: string, value: string]

/** What this hop knows itself. */
function ownFields(request: HttpRequest, tellsPort: boolean): Field[] {
  const { client } = request.exchange
  const isSecure = client.tls !== undefined
  const scheme = isSecure ? 'https' : 'http'
  const fields: Field[] = [
    ['X-Forwarded-For', client.address],
    ['X-Forwarded-Method', request.method],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Uri', requestTarget(request)],
  ]
  if (request.host !== '') fields.push(['X-Forwarded-Host', request.host])
  if (tellsPort) fields.push(['X-Forwarded-Port', forwardedPort(request.host, scheme, isSecure)])
  return fields
}

/** The word of earlier hops, and this one's where they say nothing. */
function trustedFields(request: HttpRequest): Field[] {
  const earlier = joinedHeader(request.headers, 'x-forwarded-for') ?? ''
  return ownFields(request, true).map(([name, own]) => {
    if (name === 'X-Forwarded-For') return [name, earlier === '' ? own : `${earlier}, ${own}`]
    return [name, headerValue(request.headers, name.toLowerCase()) || own]
  })
}
