import { describe, expect, test } from 'bun:test'
import { createLog } from '../../src/observe/log.ts'
import { startCollector } from './collector.ts'
import { exchangeOf, requestOf } from './finished-exchange.ts'
import { answering, tracingTo } from './traced-request.ts'

describe('the exporter', () => {
  test('sends to the endpoint with its headers', async () => {
    await using collector = startCollector()
    const endpoint = `${collector.url}/custom/path`
    const http = { endpoint, headers: new Map([['x-key', 'secret']]) }
    const { tracing, exchanges } = tracingTo(collector, { otlp: { http } })
    await request(tracing, exchanges)
    await tracing.shutdown()
    expect(collector.requests.map(({ url }) => new URL(url).pathname)).toEqual(['/custom/path'])
    expect(collector.requests[0]?.headers.get('x-key')).toBe('secret')
  })

  test('that fails is told to the log once and hurts nobody', async () => {
    await using collector = startCollector(() => new Response('no', { status: 400 }))
    const { log, entries } = collectingLog()
    const { tracing, exchanges } = tracingTo(collector, {}, { log })
    await request(tracing, exchanges)
    await tracing.shutdown()
    expect(collector.requests).toHaveLength(1)
    expect(entries.filter((entry) => entry.includes('WRN cannot export spans'))).toHaveLength(1)
  })

  test.each([
    ['never answers', () => new Promise<Response>(() => {})],
    ['is always busy', () => new Response('', { status: 503 })],
  ])('that %s does not hold the shutdown', async (_, answer) => {
    await using collector = startCollector(answer)
    const { log, entries } = collectingLog()
    const { tracing, exchanges } = tracingTo(collector, {}, { log, shutdownTimeoutMs: 50 })
    await request(tracing, exchanges)
    const start = performance.now()
    await tracing.shutdown()
    expect(performance.now() - start).toBeLessThan(1000)
    expect(entries.join()).toContain('the last spans could not be exported')
  })

  test('that is not there does not hold the shutdown', async () => {
    const collector = startCollector()
    await collector[Symbol.asyncDispose]()
    const { tracing, exchanges } = tracingTo(collector, {}, { shutdownTimeoutMs: 50 })
    await request(tracing, exchanges)
    await tracing.shutdown()
  })

  test('is left alone by requests after the shutdown', async () => {
    await using collector = startCollector()
    const { tracing, exchanges } = tracingTo(collector)
    await tracing.shutdown()
    await request(tracing, exchanges)
    expect(collector.requests).toHaveLength(0)
  })
})

async function request(
  tracing: ReturnType<typeof tracingTo>['tracing'],
  exchanges: ReturnType<typeof tracingTo>['exchanges'],
): Promise<void> {
  const exchange = exchangeOf()
  exchange.response = await tracing.traceServer(
    { entryPoint: 'web', verbosity: 'minimal' },
    answering,
  )(requestOf(exchange))
  exchanges.publish(exchange)
}

function collectingLog() {
  const entries: string[] = []
  const write = (entry: string) => void entries.push(entry)
  return { entries, log: createLog({ level: 'DEBUG', format: 'common', noColor: true, write }) }
}
