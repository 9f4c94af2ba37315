import { cipherSuiteNames, isCipherSuiteAvailable } from '../listen/cipher-suites.ts'
import { compileHttpRule } from '../route/rule.ts'
import type { DocumentSource } from './dynamic-element.ts'
import { ruleIn } from './dynamic-rule.ts'
import { routerTls } from './router-tls.ts'
import {
  boolean,
  deprecated,
  int64,
  integer,
  list,
  nonEmptyText,
  notYet,
  object,
  oneOf,
  oneOfIgnoringCase,
  optional,
  refine,
  section,
  text,
  timeout,
  withDefault,
  type Decoder,
  type Infer,
} from './schema.ts'

// Traefik keeps the top 1000 for its own routers.
const maximumPriority = 2n ** 63n - 1n - 1000n

/** 0 when not given: the length of the rule counts then. */
export function priorityOf({ provider }: DocumentSource): Decoder<bigint> {
  const decoder = refine(int64, (value) => {
    if (value <= maximumPriority || provider === 'internal') return undefined
    return `exceeds the greatest priority that a router can have (${maximumPriority})`
  })
  return withDefault(decoder, 0n)
}

/** Only the v3 language is there; the key itself is deprecated in Traefik. */
export const ruleSyntax = optional(
  refine(oneOf('v3', 'v2'), (syntax) => (syntax === 'v2' ? 'v2 is not supported yet (expected "v3")' : undefined)),
)

/** A router's decoder knows the document, so that a mistake in a rule is told at its own line and column. */
export function httpRouterIn(document: DocumentSource) {
  return object({
    rule: ruleIn(document, { compile: compileHttpRule, example: 'Host(`example.org`) && PathPrefix(`/api`)' }),
    service: nonEmptyText,
    /** Undefined: the entry points that are default ones. */
    entryPoints: optional(list(nonEmptyText)),
    middlewares: withDefault(list(nonEmptyText), []),
    priority: priorityOf(document),
    ruleSyntax,
    /** Present: answers requests over TLS only. Absent: plain ones only. */
    tls: optional(routerTls),
    observability: section(
      object({
        accessLogs: optional(boolean),
        metrics: optional(boolean),
        tracing: optional(boolean),
        traceVerbosity: optional(oneOf('minimal', 'detailed')),
      }),
    ),
    parentRefs: notYet(list(text)),
  })
}

export type HttpRouter = Infer<ReturnType<typeof httpRouterIn>>

const tlsVersion = optional(oneOfIgnoringCase('VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'))

/** A file's path, or PEM text itself. */
const fileOrContent = nonEmptyText

const cipherSuite = refine(oneOf(...cipherSuiteNames), (name) =>
  isCipherSuiteAvailable(name) ? undefined : `${name} is not supported (insecure, and missing from the TLS library)`,
)

const certificateFiles = object({ certFile: fileOrContent, keyFile: fileOrContent })

const transportFields = object({
  /** Server name to send and to verify; undefined: the host of the server's URL. */
  serverName: optional(nonEmptyText),
  insecureSkipVerify: withDefault(boolean, false),
  /** Empty: those of the system. */
  rootCAs: withDefault(list(fileOrContent), []),
  certificates: withDefault(list(certificateFiles), []),
  /** 0 means Go's default, 2. */
  maxIdleConnsPerHost: withDefault(integer({ min: -1 }), 0),
  minVersion: tlsVersion,
  maxVersion: tlsVersion,
  disableHTTP2: withDefault(boolean, false),
  /** All 0 for no limit. */
  forwardingTimeouts: section(
    object({
      dialTimeout: withDefault(timeout, 30_000),
      responseHeaderTimeout: withDefault(timeout, 0),
      idleConnTimeout: withDefault(timeout, 90_000),
      /** HTTP/2: silence after which the server is asked for a sign of life; 0: never. */
      readIdleTimeout: withDefault(timeout, 0),
      pingTimeout: withDefault(timeout, 15_000),
    }),
  ),
  /** Undefined: those of the TLS library. */
  cipherSuites: optional(list(cipherSuite)),
  peerCertURI: optional(deprecated(nonEmptyText, 'write it as peerCertSANs, with type: URI')),
  /** Of these the server's certificate must have one. */
  peerCertSANs: withDefault(list(object({ type: oneOf('URI', 'DNSName'), value: nonEmptyText })), []),
  spiffe: notYet(),
})

// Traefik refuses even a minVersion alone, and then goes on with its defaults; here it means what it says.
export const httpServersTransport = refine(transportFields, ({ minVersion, maxVersion }) =>
  minVersion !== undefined && maxVersion !== undefined && maxVersion < minVersion
    ? `maxVersion ${maxVersion} is below minVersion ${minVersion}`
    : undefined,
)

export type HttpServersTransport = Infer<typeof httpServersTransport>
