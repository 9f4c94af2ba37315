import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody, textBody } from '../../src/http/body.ts'
import type { Handler } from '../../src/http/message.ts'
import { startClientSpan, traceLayer } from '../../src/observe/trace-layer.ts'
import { startCollector } from './collector.ts'
import { exchangeOf, requestOf } from './finished-exchange.ts'
import { answering, callerId, sampled, traced, traceId, tracingTo, unsampled } from './traced-request.ts'

describe('the SERVER span', () => {
  test('tells of the request, the client and the response', async () => {
    const { collector, exchange } = await traced({
      request: {
        method: 'POST',
        body: textBody('12345'),
        headers: ['User-Agent', 'curl/8', 'X-Forwarded-Proto', 'https'],
      },
    })
    const span = collector.span('POST')
    expect(collector.spans).toHaveLength(1)
    expect(span).toMatchObject({
      kind: 'SERVER',
      traceId: exchange.traceId,
      spanId: exchange.spanId,
      status: { code: 0 },
    })
    expect(span.parentSpanId ?? '').toBe('')
    expect(span.attributes).toEqual({
      entry_point: 'web',
      'http.request.method': 'POST',
      'network.protocol.version': '1.1',
      'http.request.body.size': 5,
      'url.path': '/x',
      'url.query': 'y=REDACTED',
      'url.scheme': 'https',
      'user_agent.original': 'curl/8',
      'server.address': 'example.org',
      'network.peer.address': '203.0.113.7',
      'network.peer.port': 51234,
      'client.address': '203.0.113.7',
      'client.port': 51234,
      'http.response.status_code': 200,
    })
  })

  test('lasts until the exchange ends, not until the head is there', async () => {
    const { collector } = await traced({})
    const { startTimeUnixNano, endTimeUnixNano } = collector.span('GET')
    expect(Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6).toBeCloseTo(10_000, 0)
  })

  test('goes on in the trace of the caller, its state kept', async () => {
    const { collector } = await traced({
      options: { sampleRate: 0 },
      request: { headers: ['traceparent', sampled, 'tracestate', 'a=1'] },
    })
    expect(collector.span('GET')).toMatchObject({ traceId, parentSpanId: callerId, traceState: 'a=1' })
  })

  test('starts a trace of its own when the traceparent is malformed', async () => {
    const { collector } = await traced({
      request: { headers: ['traceparent', sampled.toUpperCase(), 'tracestate', 'a=1'] },
    })
    expect(collector.span('GET').traceId).not.toBe(traceId)
    expect(collector.span('GET').traceState).toBeUndefined()
  })

  test.each([
    [499, 'client.reset', 0],
    [504, 'proxy.shutdown', 2],
  ] as const)('of an aborted exchange has status %d and names %s', async (status, code, statusCode) => {
    const failing: Handler = () => Promise.reject(new ProxyError(code, 'detail'))
    const { collector } = await traced({ handler: failing })
    expect(collector.span('GET').status.code).toBe(statusCode)
    expect(collector.span('GET').attributes).toMatchObject({ 'http.response.status_code': status, 'error.type': code })
  })

  test.each([
    [404, 0],
    [500, 2],
    [503, 2],
  ])('of a response %d has the status code %d', async (status, code) => {
    const handler: Handler = () => Promise.resolve({ status, headers: [], body: emptyBody })
    expect((await traced({ handler })).collector.span('GET').status.code).toBe(code)
  })

  test('has the captured headers as lists', async () => {
    const { collector } = await traced({
      options: {
        capturedRequestHeaders: ['X-Two', 'User-Agent', 'X-None'],
        capturedResponseHeaders: ['X-Answer'],
      },
      request: { headers: ['x-two', 'a', 'X-TWO', 'b', 'User-Agent', 'curl/8'] },
    })
    const { attributes } = collector.span('GET')
    const captured = Object.entries(attributes).filter(([name]) => /\.header\./.test(name))
    expect(Object.fromEntries(captured)).toEqual({
      'http.request.header.x-two': ['a', 'b'],
      'http.response.header.x-answer': ['yes'],
    })
  })

  test.each([
    ['a=1&b=2', 'a=1&b=REDACTED'],
    ['token', 'token=REDACTED'],
    ['a=1=2&&c=', 'a=1=2&&c=REDACTED'],
    ['%61=1&b+c=2&%zz=3', '%61=1&b+c=2&%zz=REDACTED'],
    ['', ''],
  ])('shows the query %s as %s', async (query, shown) => {
    const { collector } = await traced({ options: { safeQueryParams: ['a', 'b c'] }, request: { query } })
    expect(collector.span('GET').attributes['url.query']).toBe(shown)
  })
})

describe('the resource', () => {
  test('names the service and has the configured attributes', async () => {
    const { collector } = await traced({ options: { resourceAttributes: new Map([['team', 'edge']]) } })
    expect(collector.resource).toMatchObject({
      'service.name': 'edge',
      'service.version': '0.1.0',
      'telemetry.sdk.name': 'opentelemetry',
      team: 'edge',
    })
    expect(collector.scopes[0]).toMatchObject({ name: 'sluice', version: '0.1.0' })
  })
})

describe('a request that is not sampled', () => {
  test.each([
    ['by the rate', 0, []],
    ['by its caller', 1, ['traceparent', unsampled, 'tracestate', 'a=1']],
  ])('%s passes as it is, without a span', async (_, sampleRate, headers) => {
    const { collector, exchange, sent, given } = await traced({
      options: { sampleRate },
      request: { headers },
      verbosity: 'detailed',
      handler: traceLayer('Layer', {}, answering),
    })
    expect(given).toBe(sent)
    expect(exchange.traceId).toBeUndefined()
    expect(collector.requests).toHaveLength(0)
  })

  test('is chosen by the rate', async () => {
    await using collector = startCollector()
    const { tracing } = tracingTo(collector, { sampleRate: 0.25 })
    const chosen = Array.from({ length: 10_000 }, () => tracing.isSampled([])).filter(Boolean).length
    expect(chosen).toBeWithin(2000, 3000)
    await tracing.shutdown()
  })

  test('has no client span', () => {
    expect(startClientSpan('ReverseProxy', requestOf(exchangeOf()), 'http://10.0.0.2')).toBeUndefined()
  })
})
