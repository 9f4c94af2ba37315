import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Exchange } from '../http/exchange.ts'
import type { Headers } from '../http/headers.ts'
import type { Handler, HttpRequest } from '../http/message.ts'
import type { ExchangeStream } from './exchange-stream.ts'
import type { Log } from './log.ts'
import { exchangeError, exchangeStatus } from './outcome.ts'
import { parentState, remoteParent } from './propagation.ts'
import { type Disclosure, responseAttributes, serverAttributes } from './trace-attributes.ts'
import { otlpExporter, type OtlpOptions } from './trace-exporter.ts'
import { enterScope, spanTime, type TraceScope } from './trace-layer.ts'

/** `tracing` of the static configuration, decoded, with Traefik's keys. */
export interface TracingOptions {
  readonly serviceName: string
  /** From 0 to 1; a caller that has decided for its trace wins (ParentBased). */
  readonly sampleRate: number
  readonly resourceAttributes?: ReadonlyMap<string, string> | undefined
  readonly capturedRequestHeaders?: readonly string[] | undefined
  readonly capturedResponseHeaders?: readonly string[] | undefined
  readonly safeQueryParams?: readonly string[] | undefined
  readonly otlp?: OtlpOptions | undefined
}

export interface TracingSurroundings {
  readonly log: Log
  /** The end of an exchange, which is later than the end of its handler, ends its SERVER span. */
  readonly exchanges: ExchangeStream
  /** `service.version` of the resource. */
  readonly version?: string
  /** How long `shutdown` may wait for the collector. */
  readonly shutdownTimeoutMs?: number
}

export interface ServerTrace {
  /** The exchange's own when undefined, for a Handler that several entry points share. */
  readonly entryPoint?: string
  readonly verbosity: 'minimal' | 'detailed'
}

/** Nothing of it is process-wide: two can live side by side. */
export interface Tracing {
  /** Whether a request with these headers is to be traced. To be asked once, since it draws lots. */
  isSampled(headers: Headers): boolean
  /** `next` in a SERVER span for each sampled request; the others pass without a span, their headers untouched. */
  traceServer(serverTrace: ServerTrace, next: Handler): Handler
  /** Sends what is left. Bounded in time, never rejects. */
  shutdown(): Promise<void>
}

const defaultShutdownTimeoutMs = 3000

export function createTracing(options: TracingOptions, surroundings: TracingSurroundings): Tracing {
  const provider = buildProvider(options, surroundings)
  const tracer = provider.getTracer('sluice', surroundings.version)
  const disclosure = buildDisclosure(options)
  const open = new WeakMap<Exchange, Span>()
  const unsubscribe = surroundings.exchanges.subscribe((exchange) => {
    if (exchange.spanId === undefined) return
    const span = open.get(exchange)
    if (span !== undefined) endServerSpan(span, exchange, disclosure)
  })
  const isSampled = buildSampler(options.sampleRate)
  return {
    isSampled,
    traceServer: ({ entryPoint, verbosity }, next) => {
      const scope: TraceScope = { tracer, disclosure, detailed: verbosity === 'detailed' }
      return (request) => {
        if (!isSampled(request.headers)) return next(request)
        const span = startServerSpan(request, entryPoint ?? request.exchange.entryPoint, scope)
        open.set(request.exchange, span)
        return next({ ...request, span })
      }
    },
    shutdown: () => {
      unsubscribe()
      return boundedShutdown(provider, surroundings)
    },
  }
}

function buildProvider(options: TracingOptions, { log, version }: TracingSurroundings): BasicTracerProvider {
  const own = resourceFromAttributes({
    ...Object.fromEntries(options.resourceAttributes ?? []),
    'service.name': options.serviceName,
    ...(version !== undefined && { 'service.version': version }),
  })
  const fromEnvironment = detectResources({ detectors: [envDetector] })
  return new BasicTracerProvider({
    resource: defaultResource().merge(fromEnvironment).merge(own),
    // Every span that gets here belongs to a request that `isSampled` has chosen.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(otlpExporter(options.otlp, log))],
  })
}

/**
 * ParentBased(TraceIdRatio), decided before anything is made. A new trace id is random, so drawing lots without one
 * gives the same share.
 */
function buildSampler(sampleRate: number): (headers: Headers) => boolean {
  return (headers) => {
    const parent = parentState(headers)
    return parent === 'absent' ? Math.random() < sampleRate : parent === 'sampled'
  }
}

function buildDisclosure(options: TracingOptions): Disclosure {
  const lowerCased = (names: readonly string[] = []) => names.map((name) => name.toLowerCase())
  return {
    requestHeaders: lowerCased(options.capturedRequestHeaders),
    responseHeaders: lowerCased(options.capturedResponseHeaders),
    safeQueryParams: new Set(options.safeQueryParams),
  }
}

function startServerSpan(request: HttpRequest, entryPoint: string, scope: TraceScope): Span {
  const { exchange } = request
  const parent = remoteParent(request.headers)
  const under = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
  const attributes = serverAttributes(request, entryPoint, scope.disclosure)
  const settings = { kind: SpanKind.SERVER, attributes, startTime: exchange.startedAt }
  const span = scope.tracer.startSpan(request.method, settings, under)
  const { traceId, spanId } = span.spanContext()
  exchange.traceId = traceId
  exchange.spanId = spanId
  return enterScope(span, scope)
}

function endServerSpan(span: Span, exchange: Exchange, disclosure: Disclosure): void {
  const status = exchangeStatus(exchange)
  const error = exchangeError(exchange)
  span.setAttributes(responseAttributes(status, exchange.response?.headers ?? [], disclosure))
  if (error !== undefined) span.setAttribute('error.type', error.code)
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, ...(error && { message: error.message }) })
  span.end(exchange.endedAt ?? spanTime())
}

async function boundedShutdown(provider: BasicTracerProvider, surroundings: TracingSurroundings): Promise<void> {
  const timeoutMs = surroundings.shutdownTimeoutMs ?? defaultShutdownTimeoutMs
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), timeoutMs)
  const sent = provider.shutdown().then(
    () => 'sent' as const,
    () => 'late' as const,
  )
  const end = await Promise.race([sent, late.promise])
  clearTimeout(timer)
  if (end === 'late') surroundings.log.warn('the last spans could not be exported')
}
