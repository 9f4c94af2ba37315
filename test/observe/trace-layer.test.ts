import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import type { Handler } from '../../src/http/message.ts'
import { composeChain } from '../../src/middleware/compose.ts'
import { injectTrace } from '../../src/observe/propagation.ts'
import { endClientSpan, failSpan, startClientSpan, traceLayer } from '../../src/observe/trace-layer.ts'
import { answering, sampled, traced, traceId } from './traced-request.ts'

describe('the spans of layers', () => {
  const forward: Handler = async (request) => {
    const span = startClientSpan('ReverseProxy', request, 'http://user:secret@10.0.0.2:8080/')
    if (span !== undefined) endClientSpan(span, { status: 200, headers: [] })
    return answering(request)
  }
  const service = traceLayer('Service', { 'traefik.service.name': 'app@file' }, forward)
  const layers = [
    { name: 'strip@file', type: 'stripPrefix', middleware: (next: Handler): Handler => next },
    { name: 'add@file', type: 'addPrefix', middleware: (next: Handler): Handler => next },
  ]
  const chain = composeChain(layers, service, { traced: true })
  const router = traceLayer('Router', { 'traefik.router.name': 'web@file', 'http.route': 'Path(`/x`)' }, chain)

  test('hang below one another when the trace is detailed', async () => {
    const { collector } = await traced({ verbosity: 'detailed', handler: router })
    const names = ['GET', 'Router', 'StripPrefix', 'AddPrefix', 'Service', 'ReverseProxy']
    const spans = names.map((name) => collector.span(name))
    expect(collector.spans).toHaveLength(names.length)
    expect(spans.map(({ kind }) => kind)).toEqual(['SERVER', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'CLIENT'])
    expect(spans.slice(1).map(({ parentSpanId }) => parentSpanId)).toEqual(
      spans.slice(0, -1).map(({ spanId }) => spanId),
    )
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1)
    expect(collector.span('Router').attributes).toEqual({
      'traefik.router.name': 'web@file',
      'http.route': 'Path(`/x`)',
    })
    expect(collector.span('StripPrefix').attributes).toEqual({ 'traefik.middleware.name': 'strip@file' })
    expect(collector.span('Service').attributes).toEqual({ 'traefik.service.name': 'app@file' })
  })

  test('never start before the span above them', async () => {
    const { collector } = await traced({ verbosity: 'detailed', handler: router })
    const starts = ['GET', 'Router', 'StripPrefix', 'AddPrefix', 'Service', 'ReverseProxy'].map((name) =>
      BigInt(collector.span(name).startTimeUnixNano),
    )
    expect(starts).toEqual(starts.toSorted((one, other) => (one < other ? -1 : 1)))
  })

  test('are left out when the trace is minimal, all but the CLIENT span', async () => {
    const { collector } = await traced({ handler: router })
    expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(['GET', 'ReverseProxy'])
    expect(collector.span('ReverseProxy').parentSpanId).toBe(collector.span('GET').spanId)
  })

  test('record what is thrown through them', async () => {
    const handler = traceLayer('Router', {}, () => Promise.reject(new ProxyError('upstream.refused', 'nobody there')))
    const { collector } = await traced({ verbosity: 'detailed', handler })
    const span = collector.span('Router')
    expect(span.status).toEqual({ code: 2, message: 'nobody there' })
    expect(span.attributes['error.type']).toBe('upstream.refused')
    expect(span.events).toEqual([
      { name: 'exception', attributes: { 'exception.type': 'upstream.refused', 'exception.message': 'nobody there' } },
    ])
  })
})

describe('the CLIENT span', () => {
  const forwardTo =
    (serverUrl: string, status = 200): Handler =>
    async (request) => {
      const span = startClientSpan('ReverseProxy', request, serverUrl)!
      endClientSpan(span, { status, headers: ['X-Origin', 'o'] })
      return answering(request)
    }

  test('tells of the outgoing request and its server', async () => {
    const { collector } = await traced({
      options: { capturedResponseHeaders: ['x-origin'] },
      handler: forwardTo('http://user:secret@10.0.0.2:8080/base'),
    })
    expect(collector.span('ReverseProxy')).toMatchObject({ kind: 'CLIENT', status: { code: 0 } })
    expect(collector.span('ReverseProxy').attributes).toEqual({
      'http.request.method': 'GET',
      'network.protocol.version': '1.1',
      'url.full': 'http://REDACTED:REDACTED@10.0.0.2:8080/x?y=REDACTED',
      'url.scheme': 'http',
      'user_agent.original': 'curl/8',
      'network.peer.address': '10.0.0.2',
      'network.peer.port': 8080,
      'server.address': '10.0.0.2',
      'server.port': 8080,
      'http.response.status_code': 200,
      'http.response.header.x-origin': ['o'],
    })
  })

  test.each([
    ['http://a.test', 'a.test', 80],
    ['https://a.test', 'a.test', 443],
    ['https://[::1]:8443', '::1', 8443],
    ['http://[::1]', '::1', 80],
  ])('of %s has the address %s and port %d', async (serverUrl, address, port) => {
    const { collector } = await traced({ handler: forwardTo(serverUrl) })
    expect(collector.span('ReverseProxy').attributes).toMatchObject({ 'server.address': address, 'server.port': port })
  })

  test.each([
    [399, 0],
    [404, 2],
    [500, 2],
  ])('of a response %d has the status code %d', async (status, code) => {
    const { collector } = await traced({ handler: forwardTo('http://a.test', status) })
    expect(collector.span('ReverseProxy').status.code).toBe(code)
  })

  test('is the caller that the server sees', async () => {
    let outgoing: readonly string[] = []
    const handler: Handler = async (request) => {
      const span = startClientSpan('ReverseProxy', request, 'http://a.test')!
      outgoing = injectTrace(request.headers, span)
      failSpan(span, new ProxyError('upstream.reset', 'gone'))
      return answering(request)
    }
    const { collector } = await traced({ request: { headers: ['traceparent', sampled, 'baggage', 'a=1'] }, handler })
    const { spanId, status } = collector.span('ReverseProxy')
    expect(outgoing).toEqual(['baggage', 'a=1', 'traceparent', `00-${traceId}-${spanId}-01`])
    expect(status.code).toBe(2)
  })
})
