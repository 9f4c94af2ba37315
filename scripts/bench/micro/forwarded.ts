import { emptyBody } from '../../../src/http/body.ts'
import { incomingResponseHeaders, outgoingRequestHeaders } from '../../../src/http/connection-headers.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import { forwardedHeaders } from '../../../src/http/forwarded.ts'
import type { HttpRequest, HttpResponse } from '../../../src/http/message.ts'
import { normalisePath, routingPath, sanitisePath } from '../../../src/http/target.ts'
import { keep, type Bench } from './bench.ts'

const browserHeaders = [
  ...['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ...['Accept', 'text/html,application/xhtml+xml'],
  ...['Accept-Language', 'en-GB,en;q=0.5'],
  ...['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ...['Connection', 'keep-alive'],
  ...['Cookie', 'session=0123456789abcdef'],
  ...['Upgrade-Insecure-Requests', '1'],
  ...['Priority', 'u=0, i'],
]

function requestWith(headers: readonly string[]): HttpRequest {
  const client = { address: '203.0.113.9', port: 1, localAddress: '127.0.0.1', localPort: 80, tls: undefined }
  return {
    method: 'GET',
    path: '/api/v1/items/42',
    query: undefined,
    host: 'app.example.org',
    version: '1.1',
    headers,
    body: emptyBody,
    exchange: new Exchange('web', client, 0),
    span: undefined,
  }
}

let seen: HttpRequest | undefined
const response = Promise.resolve<HttpResponse>({ status: 200, headers: [], body: emptyBody })
const link = (insecure: boolean) =>
  forwardedHeaders({
    insecure,
    trusted: () => false,
    connection: [],
    addXForwardedSchemeHeaders: false,
    hostname: 'edge1',
  })((request) => {
    seen = request
    return response
  })

const untrusting = link(false)
const trusting = link(true)
const plain = requestWith(browserHeaders)
const behindProxy = requestWith([
  ...browserHeaders,
  ...['X-Forwarded-For', '198.51.100.7'],
  ...['X-Forwarded-Proto', 'https'],
  ...['X-Real-Ip', '198.51.100.7'],
])
void untrusting(plain)
const forwarded = seen!
const responseHeaders = [
  'Server',
  'nginx',
  'Date',
  'x',
  'Content-Type',
  'text/html',
  'Connection',
  'keep-alive',
  'ETag',
  'e',
]

const cases: readonly (readonly [string, () => unknown])[] = [
  ['forwardedHeaders, 8 fields', () => untrusting(plain)],
  ['forwardedHeaders, 11 fields, 3 claims dropped', () => untrusting(behindProxy)],
  ['forwardedHeaders, 11 fields, 3 claims trusted', () => trusting(behindProxy)],
  ['outgoingRequestHeaders, 12 fields', () => outgoingRequestHeaders(forwarded, { appendForwardedFor: true })],
  ['incomingResponseHeaders, 5 fields', () => incomingResponseHeaders(responseHeaders, 200)],
  ['path, nothing to change', () => routingPath(sanitisePath(normalisePath(plain.path)!))],
  ['path, everything to change', () => routingPath(sanitisePath(normalisePath('/a/%2e%2e/b%20c//%c3%a9/./%2f')!))],
]

export const benches: Bench[] = cases.map(([name, call]) => ({ name, run: () => keep(call()) }))
