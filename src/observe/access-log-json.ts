import type { Headers } from '../http/headers.ts'
import {
  type AccessEntry,
  clientAddr,
  clientHost,
  clientSubject,
  loggedTarget,
  originBytes,
  protocolOf,
  requestHost,
  requestPort,
  serviceAddr,
} from './access-log-fields.ts'
import { isPrintable, type LineFormat, utf8FromWire } from './access-log-format.ts'
import type { FieldSelection } from './access-log-options.ts'
import { escapeBeyondAscii } from './log.ts'
import { exactTime, secondTime } from './log-time.ts'
import { exchangeCause } from './outcome.ts'

type Value = string | number | undefined
type Fields = Readonly<Record<string, (entry: AccessEntry) => Value>>
type Members = Record<string, Value>
type Prefix = 'downstream' | 'origin' | 'request'

/**
 * One JSON object a line, keys sorted by their bytes as Traefik's are; fields without a value are left out. Made of one
 * object by JSON.stringify, which costs a third of putting the text together here.
 */
export function jsonFormat(selection: FieldSelection): LineFormat {
  const fillUpper = filler(upperCaseFields(selection), selection)
  const fillCause = filler({ cause: ({ exchange }) => exchangeCause(exchange) }, selection)
  const fillEntryPoint = filler({ entryPointName: ({ exchange }) => exchange.entryPoint }, selection)
  const fillSpan = filler({ span_id: ({ exchange }) => exchange.spanId }, selection)
  const fillTrace = filler({ trace_id: ({ exchange }) => exchange.traceId }, selection)
  const fillHeaders = headerFiller(selection)
  const now = secondTime('local')
  return (entry) => {
    const { exchange } = entry
    const members: Members = {}
    fillUpper(members, entry)
    fillCause(members, entry)
    fillHeaders(members, 'downstream', exchange.response?.headers)
    fillEntryPoint(members, entry)
    members['level'] = 'info'
    members['msg'] = ''
    fillHeaders(members, 'origin', exchange.originHeaders)
    fillHeaders(members, 'request', entry.request?.headers)
    fillSpan(members, entry)
    members['time'] = now(Date.now())
    fillTrace(members, entry)
    return jsonLine(members)
  }
}

function upperCaseFields({ keepsQuery }: FieldSelection): Fields {
  const local = exactTime('local')
  const utc = exactTime('utc')
  return {
    ClientAddr: ({ exchange }) => clientAddr(exchange.client),
    ClientHost: clientHost,
    ClientPort: ({ exchange }) => String(exchange.client.port),
    ClientUsername: ({ exchange }) => exchange.clientUsername || '-',
    DownstreamContentSize: ({ exchange }) => exchange.responseBytes,
    DownstreamStatus: ({ status }) => status,
    Duration: ({ durationMs }) => nanoseconds(durationMs),
    GzipRatio: gzipRatio,
    OriginContentSize: originBytes,
    OriginDuration: ({ exchange }) => nanoseconds(exchange.originDurationMs ?? 0),
    OriginStatus: ({ exchange }) => exchange.originStatus ?? 0,
    Overhead: ({ exchange, durationMs }) => nanoseconds(durationMs - (exchange.originDurationMs ?? 0)),
    RequestAddr: ({ request }) => request?.host,
    RequestContentSize: ({ exchange }) => exchange.requestBytes,
    RequestCount: ({ count }) => count,
    RequestHost: ({ request }) => request && requestHost(request.host),
    RequestMethod: ({ request }) => request?.method,
    RequestPath: ({ request }) => request && loggedTarget(request, keepsQuery),
    RequestPort: ({ request }) => request && requestPort(request.host),
    RequestProtocol: ({ request }) => request && protocolOf(request),
    RequestScheme: ({ exchange }) => (exchange.client.tls === undefined ? 'http' : 'https'),
    RetryAttempts: () => 0,
    RouterName: ({ exchange }) => exchange.routerName,
    ServiceAddr: ({ exchange }) => exchange.serverUrl && serviceAddr(exchange.serverUrl),
    ServiceName: ({ exchange }) => exchange.serverUrl && exchange.serviceName,
    ServiceURL: ({ exchange }) => exchange.serverUrl,
    SpanId: ({ exchange }) => exchange.spanId,
    StartLocal: ({ exchange }) => local(exchange.startedAt),
    StartUTC: ({ exchange }) => utc(exchange.startedAt),
    TLSCipher: ({ exchange }) => exchange.client.tls?.cipher,
    TLSClientSubject: ({ exchange }) => clientSubject(exchange.client),
    TLSVersion: ({ exchange }) => exchange.client.tls?.version.replace('TLSv', ''),
    TraceId: ({ exchange }) => exchange.traceId,
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}

/** Only where a layer has changed the size of what the server sent. */
function gzipRatio(entry: AccessEntry): number | undefined {
  const { originStatus, responseBytes } = entry.exchange
  const sent = originBytes(entry)
  if (originStatus === undefined || responseBytes === 0 || sent === responseBytes) return undefined
  return sent / responseBytes
}

function filler(fields: Fields, selection: FieldSelection): (members: Members, entry: AccessEntry) => void {
  const kept = Object.entries(fields).filter(([name]) => selection.keeps(name))
  return (members, entry) => {
    for (const [name, value] of kept) members[name] = value(entry)
  }
}

type HeaderFiller = (members: Members, prefix: Prefix, headers: Headers | undefined) => void

function headerFiller(selection: FieldSelection): HeaderFiller {
  if (!selection.keepsHeaders) return () => {}
  return (members, prefix, headers) => {
    const values = keptHeaders(headers ?? [], selection)
    for (const name of [...values.keys()].sort()) members[`${prefix}_${name}`] = values.get(name)
  }
}

function keptHeaders(headers: Headers, selection: FieldSelection): Map<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at < headers.length; at += 2) {
    const { mode, canonicalName } = selection.header(headers[at]!)
    if (mode === 'drop') continue
    const earlier = values.get(canonicalName)
    const value = headers[at + 1]!
    if (mode === 'redact') values.set(canonicalName, 'REDACTED')
    else values.set(canonicalName, earlier === undefined ? value : `${earlier},${value}`)
  }
  return values
}

function jsonLine(members: Members): string {
  const line = JSON.stringify(members)
  if (isPrintable(line)) return line
  const readable = (_: string, value: unknown) => (typeof value === 'string' ? utf8FromWire(value) : value)
  return escapeBeyondAscii(JSON.stringify(members, readable))
}
