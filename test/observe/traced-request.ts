import { ProxyError } from '../../src/errors.ts'
import { emptyBody } from '../../src/http/body.ts'
import type { Handler, HttpRequest } from '../../src/http/message.ts'
import { createExchangeStream } from '../../src/observe/exchange-stream.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createTracing, type TracingOptions, type TracingSurroundings } from '../../src/observe/tracing.ts'
import { type Collector, startCollector } from './collector.ts'
import { exchangeOf, requestOf } from './finished-exchange.ts'

export const traceId = '0af7651916cd43dd8448eb211c80319c'
export const callerId = 'b7ad6b7169203331'
export const sampled = `00-${traceId}-${callerId}-01`
export const unsampled = `00-${traceId}-${callerId}-00`

export const answering: Handler = () => Promise.resolve({ status: 200, headers: ['X-Answer', 'yes'], body: emptyBody })

export interface Run {
  readonly options?: Partial<TracingOptions>
  readonly verbosity?: 'minimal' | 'detailed'
  readonly request?: Partial<HttpRequest>
  readonly handler?: Handler
}

export function tracingTo(
  collector: Collector,
  options: Partial<TracingOptions> = {},
  more: Partial<TracingSurroundings> = {},
) {
  const exchanges = createExchangeStream(silentLog)
  const otlp = { http: { endpoint: collector.url } }
  const tracing = createTracing(
    { serviceName: 'edge', sampleRate: 1, otlp, ...options },
    {
      log: silentLog,
      exchanges,
      version: '0.1.0',
      ...more,
    },
  )
  return { tracing, exchanges }
}

/** Sends one request through a traced entry point and gives back what the collector and the next handler saw. */
export async function traced({ options, verbosity = 'minimal', request = {}, handler = answering }: Run) {
  const collector = startCollector()
  await using _ = collector
  const { tracing, exchanges } = tracingTo(collector, options)
  const start = performance.timeOrigin + performance.now()
  const exchange = exchangeOf(undefined, start)
  const given: HttpRequest[] = []
  const entry = tracing.traceServer({ entryPoint: 'web', verbosity }, (next) => {
    given.push(next)
    return handler(next)
  })
  const sent = requestOf(exchange, request)
  const outcome = await entry(sent).then(
    (response) => ({ kind: 'complete' as const, response }),
    (error: ProxyError) => ({ kind: 'aborted' as const, error }),
  )
  if (outcome.kind === 'complete') exchange.response = outcome.response
  exchange.outcome = outcome
  exchange.endedAt = start + 10_000
  exchanges.publish(exchange)
  await tracing.shutdown()
  return { collector, exchange, sent, given: given[0] }
}
