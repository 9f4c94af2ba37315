import type { Headers } from '../../http/headers.ts'
import { serverAddress } from '../../http/server-address.ts'
import type { ServerAddress } from '../../upstream/transport.ts'
import type { ServerUrl } from '../server-url.ts'
import { grpcCheckHeaders, grpcCheckTarget } from './grpc.ts'
import type { HealthCheckOptions } from './options.ts'

/** All that a check of one server needs to know, as plain values: two equal ones are the same check. */
export interface CheckPlan {
  readonly mode: 'http' | 'grpc'
  readonly server: ServerAddress
  readonly host: string
  readonly target: string
  readonly method: string
  readonly headers: Headers
  /** 0: any from 200 to 399. */
  readonly status: number
  readonly followRedirects: boolean
  readonly intervalMs: number
  readonly unhealthyIntervalMs: number
  readonly timeoutMs: number
}

export function planCheck(options: HealthCheckOptions, url: ServerUrl): CheckPlan {
  const server = probedServer(options, url)
  const headers = [...options.headers].filter(([name]) => !isFramed(name)).flat()
  const request =
    options.mode === 'grpc'
      ? { method: 'POST', target: grpcCheckTarget, headers: [...grpcCheckHeaders, ...headers] }
      : { method: options.method, target: probedTarget(options.path, url.path), headers }
  return {
    mode: options.mode,
    server,
    host: options.hostname ?? server.authority,
    ...request,
    status: options.status,
    followRedirects: options.followRedirects,
    intervalMs: options.interval,
    unhealthyIntervalMs: options.unhealthyInterval ?? options.interval,
    timeoutMs: options.timeout,
  }
}

function probedServer({ mode, scheme, port }: HealthCheckOptions, { address }: ServerUrl): ServerAddress {
  const hasOwnPort = port !== undefined && port !== 0
  const wanted = scheme ?? address.scheme
  // gRPC is always HTTP/2, so to speak plain HTTP means h2c.
  const probed = mode === 'grpc' && wanted === 'http' ? 'h2c' : wanted
  if (address.socketPath !== undefined) return { ...address, scheme: probed === 'h2c' ? 'h2c' : address.scheme }
  if (probed === address.scheme && !hasOwnPort) return address
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return serverAddress(probed, new URL(`${probed}://${host}:${hasOwnPort ? port : address.port}`))
}

/** As a link with this path on a page of the server's URL would lead. */
function probedTarget(path: string, serverPath: string): string {
  if (path.startsWith('/')) return path
  const folder = serverPath.slice(0, serverPath.lastIndexOf('/') + 1)
  if (path === '') return serverPath === '' ? '/' : serverPath
  if (path.startsWith('?')) return `${serverPath === '' ? '/' : serverPath}${path}`
  return `${folder === '' ? '/' : folder}${path}`
}

/** Host is set by `hostname`; the others are the codec's. */
function isFramed(name: string): boolean {
  return ['host', 'content-length', 'transfer-encoding', 'connection'].includes(name.toLowerCase())
}
