import { X509Certificate } from 'node:crypto'
import { splitAuthority } from '../http/authority.ts'
import type { ClientFacts, Exchange } from '../http/exchange.ts'
import { headerValue, type Headers } from '../http/headers.ts'
import { type HttpRequest, requestTarget } from '../http/message.ts'

/** What the server answered, before any layer; without it the size written to the client stands for it. */
export interface OriginFacts {
  readonly originHeaders?: Headers | undefined
  readonly originBytes?: number | undefined
}

/** One finished exchange on its way into the access log. */
export interface AccessEntry {
  readonly exchange: Exchange & OriginFacts
  /** Undefined when no request could be made out of what the client sent. */
  readonly request: HttpRequest | undefined
  readonly status: number
  readonly durationMs: number
  /** How many requests this access log has seen. */
  readonly count: number
}

const protocols = { '1.0': 'HTTP/1.0', '1.1': 'HTTP/1.1', '2': 'HTTP/2.0', '3': 'HTTP/3.0' }

export function protocolOf(request: HttpRequest): string {
  return protocols[request.version]
}

/** The whole X-Forwarded-For where there is one (the entry point has dropped it unless its sender is trusted). */
export function clientHost({ exchange, request }: AccessEntry): string {
  const forwarded = request === undefined ? undefined : headerValue(request.headers, 'x-forwarded-for')
  return forwarded === undefined || forwarded === '' ? exchange.client.address : forwarded
}

export function loggedTarget(request: HttpRequest, keepsQuery: boolean): string {
  return keepsQuery ? requestTarget(request) : requestTarget({ path: request.path, query: undefined })
}

export function clientAddr({ address, port }: ClientFacts): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Host and port as Go's SplitHostPort gives them: a host without a port keeps its brackets. */
export function requestHost(authority: string): string {
  const { host, port } = splitAuthority(authority)
  return port !== '' && host.startsWith('[') ? host.slice(1, -1) : host
}

export function requestPort(authority: string): string {
  return splitAuthority(authority).port || '-'
}

/** Body bytes that the server sent; 0 when none was asked. */
export function originBytes({ exchange }: AccessEntry): number {
  return exchange.originStatus === undefined ? 0 : (exchange.originBytes ?? exchange.responseBytes)
}

/** `http://10.0.0.2:80/base` → `10.0.0.2:80`. */
export function serviceAddr(serverUrl: string): string {
  const from = serverUrl.indexOf('://') + 3
  const to = serverUrl.indexOf('/', from)
  return to < 0 ? serverUrl.slice(from) : serverUrl.slice(from, to)
}

const subjects = new WeakMap<ClientFacts, string>()

/** Subject of the client's certificate as Go prints it; parsed once for a connection. Undefined without one. */
export function clientSubject(client: ClientFacts): string | undefined {
  const known = subjects.get(client)
  if (known !== undefined) return known
  const leaf = client.tls?.peerCertificates()[0]
  if (leaf === undefined) return undefined
  const subject = goSubject(new X509Certificate(leaf).subject)
  subjects.set(client, subject)
  return subject
}

// The order in which Go's pkix.Name.String puts the attributes, whatever their order in the certificate.
const subjectOrder = ['serialNumber', 'CN', 'postalCode', 'street', 'ST', 'L', 'OU', 'O', 'C']

function goSubject(lines: string): string {
  const attributes = lines.split('\n').map((line) => ({ name: line.slice(0, line.indexOf('=')), line }))
  const rank = (name: string): number =>
    (subjectOrder.indexOf(name) + subjectOrder.length + 1) % (subjectOrder.length + 1)
  return attributes
    .toSorted((one, other) => rank(one.name) - rank(other.name))
    .map(({ line }) => line)
    .join(',')
}
