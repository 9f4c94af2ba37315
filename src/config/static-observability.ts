import { httpUrl } from './address.ts'
import {
  allowEmpty,
  boolean,
  type Decoder,
  deprecated,
  float,
  integer,
  list,
  map,
  mapped,
  nonEmptyText,
  notYet,
  object,
  oneOf,
  oneOfIgnoringCase,
  optional,
  refine,
  removed,
  section,
  text,
  timeout,
  withDefault,
} from './schema.ts'
import { statusRange } from './status-range.ts'

const off = withDefault(boolean, false)
const texts = withDefault(list(nonEmptyText), [])

function names<T>(values: Decoder<T>): Decoder<ReadonlyMap<string, T>> {
  return withDefault(map(values), new Map())
}

const rotation = integer({ min: 0 })

/** `log` (Traefik §1.7). */
export const log = object({
  level: withDefault(oneOfIgnoringCase('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'PANIC'), 'ERROR'),
  format: withDefault(oneOf('common', 'json'), 'common'),
  noColor: off,
  filePath: optional(nonEmptyText),
  maxSize: notYet(rotation),
  maxAge: notYet(rotation),
  maxBackups: notYet(rotation),
  compress: notYet(boolean),
  otlp: notYet(allowEmpty(object({}))),
})

const keepOrDrop = oneOf('keep', 'drop')
const keepDropOrRedact = oneOf('keep', 'drop', 'redact')

/** `accessLog` (Traefik §1.7). */
export const accessLog = allowEmpty(
  object({
    /** Undefined: standard output. */
    filePath: optional(nonEmptyText),
    format: withDefault(oneOf('common', 'genericCLF', 'json'), 'common'),
    filters: section(
      object({
        statusCodes: withDefault(list(statusRange), []),
        retryAttempts: off,
        minDuration: withDefault(timeout, 0),
      }),
    ),
    fields: section(
      object({
        defaultMode: withDefault(keepOrDrop, 'keep'),
        names: names(keepOrDrop),
        headers: section(
          object({ defaultMode: withDefault(keepDropOrRedact, 'drop'), names: names(keepDropOrRedact) }),
        ),
        queryParameters: section(object({ defaultMode: withDefault(keepOrDrop, 'keep') })),
      }),
    ),
    bufferingSize: withDefault(integer({ min: 0 }), 0),
    addInternals: off,
    dualOutput: off,
    otlp: notYet(allowEmpty(object({}))),
  }),
)

const clientTls = object({
  /** A path, or the PEM text itself; so are the other two. */
  ca: optional(nonEmptyText),
  cert: optional(nonEmptyText),
  key: optional(nonEmptyText),
  insecureSkipVerify: off,
})

const otlpHttp = object({
  endpoint: withDefault(httpUrl, 'https://localhost:4318'),
  headers: names(text),
  tls: optional(clientTls),
})

const vendorRemoved = removed('use tracing.otlp')

const tracingKeys = object({
  serviceName: withDefault(nonEmptyText, 'traefik'),
  sampleRate: withDefault(float({ min: 0, max: 1 }), 1),
  addInternals: off,
  resourceAttributes: names(text),
  globalAttributes: deprecated(names(text), 'use resourceAttributes'),
  capturedRequestHeaders: texts,
  capturedResponseHeaders: texts,
  safeQueryParams: texts,
  otlp: section(allowEmpty(object({ http: section(allowEmpty(otlpHttp)), grpc: notYet(allowEmpty(object({}))) }))),
  spanNameLimit: removed('leave it out'),
  jaeger: vendorRemoved,
  zipkin: vendorRemoved,
  datadog: vendorRemoved,
  instana: vendorRemoved,
  haystack: vendorRemoved,
  elastic: vendorRemoved,
})

/** `tracing` (Traefik §1.7). Without `otlp` its defaults hold, as in Traefik. */
export const tracing = mapped(tracingKeys, ({ globalAttributes, ...rest }) => ({
  ...rest,
  resourceAttributes: new Map([...globalAttributes, ...rest.resourceAttributes]),
}))

const basePath = refine(text, (path) =>
  /^\/[a-zA-Z0-9/_.:~-]*$/.test(path)
    ? undefined
    : 'is no path (expected a slash, then letters, digits and / _ . : ~ -)',
)

/** `api` (Traefik §1.7). */
export const api = allowEmpty(
  object({
    /** Goes before `/api`. */
    basePath: withDefault(basePath, '/'),
    /** Open to everybody at the entry point `traefik`. */
    insecure: off,
    /** Its pages are not there yet; nobody who has Traefik's default is refused for that. */
    dashboard: withDefault(boolean, true),
    debug: notYet(boolean),
    disableDashboardAd: off,
    dashboardName: withDefault(text, ''),
  }),
)

/** `ping`: a router for health checks of the proxy itself. */
export const ping = allowEmpty(
  object({
    entryPoint: withDefault(nonEmptyText, 'traefik'),
    manualRouting: off,
    terminatingStatusCode: withDefault(integer({ min: 100, max: 599 }), 503),
  }),
)
