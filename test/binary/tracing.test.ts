import { beforeAll, describe, expect, test } from 'bun:test'
import { startCollector, type Collector, type ReceivedSpan } from '../observe/collector.ts'
import { anyPort, buildExecutable, curl, startProxy, type Proxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

interface Stage extends AsyncDisposable {
  readonly proxy: Proxy
  readonly collector: Collector
  /** Fields of the requests that the upstream has got. */
  readonly seen: Headers[]
}

async function startTraced(tracing: object, fastProxy: boolean): Promise<Stage> {
  const collector = startCollector()
  const seen: Headers[] = []
  const upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => (
      seen.push(request.headers),
      new Response('hello', { status: request.url.endsWith('/bad') ? 503 : 200 })
    ),
  })
  const proxy = await startProxy({
    static: {
      entryPoints: { web: { ...anyPort, observability: { traceVerbosity: 'detailed' } } },
      tracing: { serviceName: 'under-test', otlp: { http: { endpoint: collector.url } }, ...tracing },
      ...(fastProxy ? { experimental: { fastProxy: {} } } : {}),
    },
    dynamic: {
      http: {
        routers: { app: { rule: 'PathPrefix(`/`)', service: 'app', middlewares: ['strip', 'tag'] } },
        middlewares: {
          strip: { stripPrefix: { prefixes: ['/p'] } },
          tag: { headers: { customResponseHeaders: { 'X-Tag': '1' } } },
        },
        services: { app: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${upstream.port}` }] } } },
      },
    },
  })
  return {
    proxy,
    collector,
    seen,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await upstream.stop(true)
      await collector[Symbol.asyncDispose]()
    },
  }
}

/** Spans are sent in batches, and all of them before the process ends. */
async function end({ proxy }: Stage): Promise<void> {
  proxy.sluice.signal('SIGTERM')
  expect(await proxy.sluice.exited).toBe(0)
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const clientSpan = 'b7ad6b7169203331'
const sampledParent = `traceparent: 00-${traceId}-${clientSpan}-01`

describe.each([false, true])('tracing (fastProxy: %p)', (fastProxy) => {
  test('makes a span for each layer, one inside the other, and hands the context on', async () => {
    await using stage = await startTraced({}, fastProxy)
    expect((await curl(stage.proxy.port(), 'http://a.test/p/x?secret=1', '-H', sampledParent)).status).toBe(200)
    await end(stage)
    const chain = ['GET', 'Router', 'StripPrefix', 'Headers', 'Service', 'ReverseProxy'].map((name) =>
      stage.collector.span(name),
    )
    expect(chain.map(({ kind }) => kind)).toEqual(['SERVER', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'CLIENT'])
    expect(chain.map(({ parentSpanId }) => parentSpanId)).toEqual([
      clientSpan,
      ...chain.slice(0, -1).map(({ spanId }) => spanId),
    ])
    expect(new Set(chain.map((span) => span.traceId))).toEqual(new Set([traceId]))
    const [server, router, strip, , service, forward] = chain as [
      ReceivedSpan,
      ReceivedSpan,
      ReceivedSpan,
      ReceivedSpan,
      ReceivedSpan,
      ReceivedSpan,
    ]
    expect(server.attributes).toMatchObject({
      entry_point: 'web',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.path': '/p/x',
      'url.query': 'secret=REDACTED',
      'server.address': 'a.test',
    })
    expect(router.attributes).toMatchObject({ 'traefik.router.name': 'app@file', 'http.route': 'PathPrefix(`/`)' })
    expect(strip.attributes).toMatchObject({ 'traefik.middleware.name': 'strip@file' })
    expect(service.attributes).toMatchObject({ 'traefik.service.name': 'app@file' })
    expect(forward.attributes).toMatchObject({ 'http.response.status_code': 200 })
    expect(stage.seen[0]?.get('traceparent')).toBe(`00-${traceId}-${forward.spanId}-01`)
    expect(stage.collector.resource['service.name']).toBe('under-test')
  })

  test('with sampleRate 0 makes none, and still hands the client’s context on', async () => {
    await using stage = await startTraced({ sampleRate: 0 }, fastProxy)
    await curl(stage.proxy.port(), 'http://a.test/')
    const unsampled = `00-${traceId}-${clientSpan}-00`
    await curl(stage.proxy.port(), 'http://a.test/', '-H', `traceparent: ${unsampled}`)
    await end(stage)
    expect(stage.collector.spans).toEqual([])
    expect(stage.seen[1]?.get('traceparent')?.slice(0, 35)).toBe(unsampled.slice(0, 35))
    expect(stage.seen[1]?.get('traceparent')).toEndWith('-00')
  })

  test('marks a failing upstream as an error', async () => {
    await using stage = await startTraced({}, fastProxy)
    await curl(stage.proxy.port(), 'http://a.test/bad')
    await end(stage)
    const error = 2
    expect(stage.collector.span('GET').status.code).toBe(error)
    expect(stage.collector.span('ReverseProxy').status.code).toBe(error)
    expect(stage.collector.span('Router').status.code).toBe(0)
  })
})
