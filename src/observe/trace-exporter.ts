import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import { fileOrContent } from '../config/file-or-content.ts'
import type { Log } from './log.ts'

/** `tracing.otlp`; without `http` Traefik's default collector is meant. */
export interface OtlpOptions {
  readonly http?: OtlpHttpOptions | undefined
}

export interface OtlpHttpOptions {
  /** Without a path, `/v1/traces` is added. */
  readonly endpoint: string
  readonly headers?: ReadonlyMap<string, string> | undefined
  readonly tls?: OtlpTlsOptions | undefined
}

/** Each of the first three is PEM text or the path of a file that holds it. */
export interface OtlpTlsOptions {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly insecureSkipVerify?: boolean | undefined
}

const defaultEndpoint = 'https://localhost:4318'
const exportTimeoutMs = 10_000

/** The official exporter, with a word in the log when the collector is lost and when it is back. */
export function otlpExporter(options: OtlpOptions | undefined, log: Log): SpanExporter {
  const http = options?.http ?? { endpoint: defaultEndpoint }
  const url = tracesUrl(http.endpoint)
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: exportTimeoutMs,
    headers: Object.fromEntries(http.headers ?? []),
    ...(http.tls !== undefined && { httpAgentOptions: { keepAlive: true, ...agentTls(http.tls) } }),
  })
  let isFailing = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined
        if (failed && !isFailing) log.warn('cannot export spans', { endpoint: url, error: result.error?.message })
        if (!failed && isFailing) log.info('exporting spans again', { endpoint: url })
        isFailing = failed
        done(result)
      })
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}

function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}

function agentTls({ ca, cert, key, insecureSkipVerify }: OtlpTlsOptions): Record<string, string | boolean> {
  return {
    rejectUnauthorized: insecureSkipVerify !== true,
    ...(ca !== undefined && { ca: fileOrContent(ca) }),
    ...(cert !== undefined && { cert: fileOrContent(cert) }),
    ...(key !== undefined && { key: fileOrContent(key) }),
  }
}
