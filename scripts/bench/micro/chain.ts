import { ROOT_CONTEXT } from '@opentelemetry/api'
import { AlwaysOnSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { emptyBody } from '../../../src/http/body.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import type { Handler, HttpRequest, Middleware } from '../../../src/http/message.ts'
import { composeChain } from '../../../src/middleware/compose.ts'
import { enterScope } from '../../../src/observe/trace-layer.ts'
import { type Bench, keep } from './bench.ts'

const client = { address: '203.0.113.7', port: 51234, localAddress: '192.0.2.1', localPort: 80, tls: undefined }
const request: HttpRequest = {
  ...{ method: 'GET', path: '/', query: undefined, host: 'example.org', version: '1.1', headers: [] },
  ...{ body: emptyBody, exchange: new Exchange('web', client, 0), span: undefined },
}

const answer = Promise.resolve({ status: 204, headers: [], body: emptyBody })
const last: Handler = () => answer
const addHeader: Middleware = (next) => (given) => next({ ...given, headers: [...given.headers, 'X-Added', '1'] })
const layers = Array.from({ length: 5 }, (_, number) => ({
  name: `add-${number}@file`,
  type: 'headers',
  middleware: addHeader,
}))

function chainBench(name: string, traced: boolean, given: () => HttpRequest): Bench {
  const chain = composeChain(layers, last, { traced })
  return { name, run: () => keep(chain(given())) }
}

const tracer = new BasicTracerProvider({ sampler: new AlwaysOnSampler() }).getTracer('bench')
const disclosure = { requestHeaders: [], responseHeaders: [], safeQueryParams: new Set<string>() }

/** Spans are made and ended but not exported, which is what the layers themselves cost. */
function sampledRequest(): HttpRequest {
  const span = tracer.startSpan('GET', {}, ROOT_CONTEXT)
  return { ...request, span: enterScope(span, { tracer, disclosure, detailed: true }) }
}

export const benches: Bench[] = [
  chainBench('5 layers', false, () => request),
  chainBench('5 layers, traced, request not sampled', true, () => request),
  chainBench('5 layers, traced, request sampled', true, sampledRequest),
]
