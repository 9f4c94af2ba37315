import { compileTcpRule } from '../route/rule.ts'
import type { DocumentSource } from './dynamic-element.ts'
import { priorityOf, ruleSyntax } from './dynamic-http.ts'
import { ruleIn } from './dynamic-rule.ts'
import { exactlyOne, type KindDefinition } from './kind.ts'
import {
  allowEmpty,
  boolean,
  duration,
  integer,
  list,
  nonEmptyText,
  notYet,
  object,
  optional,
  refine,
  scalar,
  text,
  timeout,
  withDefault,
  type Infer,
  type Parsed,
} from './schema.ts'

export function tcpRouterIn(document: DocumentSource) {
  return object({
    rule: ruleIn(document, { compile: compileTcpRule, example: 'HostSNI(`example.org`)' }),
    service: nonEmptyText,
    /** Undefined: the entry points that are default ones. */
    entryPoints: optional(list(nonEmptyText)),
    middlewares: withDefault(list(nonEmptyText), []),
    priority: priorityOf(document),
    ruleSyntax,
    tls: optional(
      allowEmpty(
        object({
          passthrough: withDefault(boolean, false),
          options: optional(nonEmptyText),
          certResolver: notYet(text),
          domains: withDefault(list(object({ main: optional(text), sans: withDefault(list(text), []) })), []),
        }),
      ),
    ),
  })
}

export type TcpRouter = Infer<ReturnType<typeof tcpRouterIn>>

export interface TcpAddress {
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

const address = scalar<TcpAddress>('host:port, [IPv6]:port', parseAddress)

const notTls = withDefault(
  refine(boolean, (value) => (value ? 'TLS towards a TCP server is not supported yet' : undefined)),
  false,
)

const tcpLoadBalancer = object({
  servers: withDefault(list(object({ address, tls: notTls })), []),
  serversTransport: optional(nonEmptyText),
  /** Milliseconds, deprecated in Traefik; overrides the one of the transport. Negative: wait for ever. */
  terminationDelay: optional(integer()),
  proxyProtocol: notYet(),
  healthCheck: notYet(),
})

export type TcpLoadBalancer = Infer<typeof tcpLoadBalancer>

const kinds = [{ name: 'loadBalancer', options: tcpLoadBalancer }] as const satisfies readonly KindDefinition[]

export const tcpService = exactlyOne({ noun: 'TCP service', registry: kinds, notYet: ['weighted'] })

/** None is there yet, so every one is an error that says so. */
export const tcpMiddleware = exactlyOne<KindDefinition>({
  noun: 'TCP middleware',
  registry: [],
  notYet: ['inFlightConn', 'ipAllowList', 'ipWhiteList'],
})

export const tcpServersTransport = object({
  dialKeepAlive: withDefault(duration, 15_000),
  dialTimeout: withDefault(timeout, 30_000),
  /** How long the other side may still send after one has ended; negative: for ever. */
  terminationDelay: withDefault(duration, 100),
  proxyProtocol: notYet(),
  tls: notYet(),
})

export type TcpServersTransport = Infer<typeof tcpServersTransport>

function parseAddress(written: string): Parsed<TcpAddress> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(written)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined) return { ok: false, message: `is not an address: ${JSON.stringify(written)}` }
  if (port < 1 || port > 65535) return { ok: false, message: `port is out of range: ${match?.[3]}` }
  return { ok: true, value: { host, port } }
}
