import { ipRange, listenAddress } from './address.ts'
import { routerTls } from './router-tls.ts'
import {
  allowEmpty,
  boolean,
  byteSize,
  experimental,
  int64,
  integer,
  list,
  nonEmptyText,
  notYet,
  object,
  oneOf,
  optional,
  refine,
  section,
  timeout,
  withDefault,
} from './schema.ts'

const seconds = 1000
const int32 = integer({ min: 0, max: 2 ** 31 - 1 })
const off = withDefault(boolean, false)
const on = withDefault(boolean, true)
const ipRanges = withDefault(list(ipRange), [])

const transport = object({
  lifeCycle: section(
    object({
      requestAcceptGraceTimeout: withDefault(timeout, 0),
      graceTimeOut: withDefault(timeout, 10 * seconds),
    }),
  ),
  respondingTimeouts: section(
    object({
      readTimeout: withDefault(timeout, 60 * seconds),
      writeTimeout: withDefault(timeout, 0),
      idleTimeout: withDefault(timeout, 180 * seconds),
    }),
  ),
  keepAliveMaxTime: withDefault(timeout, 0),
  keepAliveMaxRequests: withDefault(integer({ min: 0 }), 0),
})

const forwardedHeaders = object({
  insecure: off,
  trustedIPs: ipRanges,
  connection: withDefault(list(nonEmptyText), []),
  notAppendXForwardedFor: off,
  addXForwardedSchemeHeaders: off,
})

const redirectEntryPoint = object({
  /** The name of an entry point, or `:port`. */
  to: nonEmptyText,
  scheme: withDefault(nonEmptyText, 'https'),
  permanent: on,
  priority: withDefault(int64, 9223372036854775806n),
})

const encodedCharacters = object({
  allowEncodedSlash: on,
  allowEncodedBackSlash: on,
  allowEncodedNullCharacter: on,
  allowEncodedSemicolon: on,
  allowEncodedPercent: on,
  allowEncodedQuestionMark: on,
  allowEncodedHash: on,
})

const http = object({
  redirections: optional(object({ entryPoint: optional(redirectEntryPoint) })),
  middlewares: withDefault(list(nonEmptyText), []),
  tls: optional(routerTls),
  /** Undefined: nothing is checked. */
  encodedCharacters: optional(encodedCharacters),
  encodeQuerySemicolons: off,
  sanitizePath: on,
  maxHeaderBytes: withDefault(byteSize, 1_048_576),
  underscoreHeadersStrategy: withDefault(oneOf('keep', 'delete', 'reject'), 'keep'),
})

const http2 = object({
  maxConcurrentStreams: withDefault(int32, 250),
  maxDecoderHeaderTableSize: withDefault(int32, 4096),
  maxEncoderHeaderTableSize: withDefault(int32, 4096),
})

/** Port 0: that of the entry point. */
const http3 = object({ advertisedPort: withDefault(integer({ min: 0, max: 65_535 }), 0) })

const positive = refine(timeout, (ms) => (ms > 0 ? undefined : 'must be more than 0'))

/** One entry of `entryPoints` (Traefik §1.4). */
export const entryPoint = object({
  address: listenAddress,
  allowACMEByPass: notYet(boolean),
  reusePort: off,
  asDefault: off,
  transport: section(transport),
  proxyProtocol: optional(allowEmpty(object({ insecure: off, trustedIPs: ipRanges }))),
  forwardedHeaders: section(forwardedHeaders),
  http: section(http),
  http2: section(http2),
  http3: experimental(optional(allowEmpty(http3))),
  udp: notYet(object({ timeout: withDefault(positive, 3 * seconds) })),
  observability: section(
    object({
      accessLogs: on,
      metrics: on,
      tracing: on,
      traceVerbosity: withDefault(oneOf('minimal', 'detailed'), 'minimal'),
    }),
  ),
})
