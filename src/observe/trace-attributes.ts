import type { Attributes } from '@opentelemetry/api'
import type { Exchange } from '../http/exchange.ts'
import { type Headers, headerValue, headerValues } from '../http/headers.ts'
import { splitAuthority } from '../http/authority.ts'
import { type HttpRequest, requestTarget } from '../http/message.ts'

/** What of a message may be shown in a span. */
export interface Disclosure {
  /** In lower case. */
  readonly requestHeaders: readonly string[]
  readonly responseHeaders: readonly string[]
  /** Query keys whose values are shown; all others are redacted. */
  readonly safeQueryParams: ReadonlySet<string>
}

export function serverAttributes(request: HttpRequest, entryPoint: string, disclosure: Disclosure): Attributes {
  const { client } = request.exchange
  return {
    entry_point: entryPoint,
    ...messageAttributes(request),
    'url.path': request.path,
    'url.scheme': serverScheme(request.headers, request.exchange),
    'server.address': request.host,
    'network.peer.address': client.address,
    'network.peer.port': client.port,
    'client.address': client.address,
    'client.port': client.port,
    ...(request.body.length !== undefined && { 'http.request.body.size': request.body.length }),
    ...(request.query !== undefined && { 'url.query': redactedQuery(request.query, disclosure.safeQueryParams) }),
    ...capturedHeaders('http.request.header.', request.headers, disclosure.requestHeaders),
  }
}

/** `request` as it goes to the server at `serverUrl` (`https://10.0.0.1:8443`). */
export function clientAttributes(request: HttpRequest, serverUrl: string, disclosure: Disclosure): Attributes {
  const { scheme, user, authority } = urlParts(serverUrl)
  const { host, port } = splitAuthority(authority)
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  const portNumber = Number(port) || (scheme === 'https' ? 443 : 80)
  const query = request.query === undefined ? undefined : redactedQuery(request.query, disclosure.safeQueryParams)
  return {
    ...messageAttributes(request),
    'url.full': `${scheme}://${user}${authority}${requestTarget({ path: request.path, query })}`,
    'url.scheme': scheme,
    'network.peer.address': address,
    'network.peer.port': portNumber,
    'server.address': address,
    'server.port': portNumber,
    ...capturedHeaders('http.request.header.', request.headers, disclosure.requestHeaders),
  }
}

export function responseAttributes(status: number, headers: Headers, disclosure: Disclosure): Attributes {
  return {
    'http.response.status_code': status,
    ...capturedHeaders('http.response.header.', headers, disclosure.responseHeaders),
  }
}

function messageAttributes(request: HttpRequest): Attributes {
  const agent = headerValue(request.headers, 'user-agent')
  return {
    'http.request.method': request.method,
    'network.protocol.version': request.version,
    ...(agent !== undefined && { 'user_agent.original': agent }),
  }
}

function serverScheme(headers: Headers, exchange: Exchange): string {
  return headerValue(headers, 'x-forwarded-proto') ?? (exchange.client.tls === undefined ? 'http' : 'https')
}

/** Lists, since a field may come more than once. User-Agent has an attribute of its own. */
function capturedHeaders(prefix: string, headers: Headers, names: readonly string[]): Attributes {
  const captured: Attributes = {}
  for (const name of names) {
    const values = name === 'user-agent' ? [] : headerValues(headers, name)
    if (values.length > 0) captured[prefix + name] = values
  }
  return captured
}

/** Every value but the safe ones as REDACTED; tokens and passwords travel in queries. */
export function redactedQuery(query: string, safe: ReadonlySet<string>): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      const key = equals < 0 ? pair : pair.slice(0, equals)
      return key === '' && equals < 0 ? pair : safe.has(decodedKey(key)) ? pair : `${key}=REDACTED`
    })
    .join('&')
}

function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

/** The parts of a server's URL, a user name and password in it hidden. */
function urlParts(url: string): { readonly scheme: string; readonly user: string; readonly authority: string } {
  const colon = url.indexOf('://')
  const rest = url.slice(colon + 3)
  const end = rest.search(/[/?#]/)
  const whole = end < 0 ? rest : rest.slice(0, end)
  const at = whole.lastIndexOf('@')
  const user = at < 0 ? '' : 'REDACTED:REDACTED@'
  return { scheme: url.slice(0, colon), user, authority: whole.slice(at + 1) }
}
