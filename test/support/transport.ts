import { emptyBody } from '../../src/http/body.ts'
import type { HttpResponse } from '../../src/http/message.ts'
import { parseServerUrl } from '../../src/service/server-url.ts'
import { fetchTransport } from '../../src/upstream/fetch.ts'
import type { Http2TransportOptions } from '../../src/upstream/http2.ts'
import { socketTransport, type SocketTransportOptions } from '../../src/upstream/socket.ts'
import type { OutgoingRequest, ServerAddress, Transport } from '../../src/upstream/transport.ts'
import { makeRequest } from './request.ts'

export const transports = [
  ['fetch', (options: SocketTransportOptions) => fetchTransport(options)],
  ['socket', (options: SocketTransportOptions) => socketTransport(options)],
] as const

const defaults: AnyTransportOptions = {
  limits: { maxHeadBytes: 64 * 1024, maxTargetBytes: 64 * 1024, maxFields: 100 },
  maxIdleConnectionsPerHost: 2,
  dialTimeoutMs: 2000,
  responseHeaderTimeoutMs: 2000,
  readIdleTimeoutMs: 0,
  pingTimeoutMs: 0,
  idleTimeoutMs: 5000,
  tls: { serverName: undefined, insecureSkipVerify: false, options: {}, peerNames: undefined },
}

type AnyTransportOptions = SocketTransportOptions & Http2TransportOptions

export interface TransportParts extends Partial<Omit<AnyTransportOptions, 'tls'>> {
  readonly tls?: Partial<SocketTransportOptions['tls']>
}

export function transportOptions({ tls, ...parts }: TransportParts = {}): AnyTransportOptions {
  return { ...defaults, ...parts, tls: { ...defaults.tls, ...tls } }
}

export function addressOf(url: string): ServerAddress {
  const parsed = parseServerUrl(url)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value.address
}

/** Sends a GET that either transport can carry. */
export function get(transport: Transport, url: string, parts: Partial<OutgoingRequest> = {}): Promise<HttpResponse> {
  return transport.send({
    method: 'GET',
    target: '/',
    host: 'a.test',
    headers: ['User-Agent', 't', 'Accept', '*/*'],
    body: emptyBody,
    server: addressOf(url),
    exchange: makeRequest().exchange,
    upgrade: undefined,
    expectContinue: false,
    ...parts,
  })
}
