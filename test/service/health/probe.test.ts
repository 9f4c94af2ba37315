import { afterAll, describe, expect, test } from 'bun:test'
import { probe, probeExchange, type Verdict } from '../../../src/service/health/probe.ts'
import type { CheckPlan } from '../../../src/service/health/plan.ts'
import { socketTransport } from '../../../src/upstream/socket.ts'
import { addressOf, transportOptions } from '../../support/transport.ts'

const transport = socketTransport(transportOptions())
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  routes: {
    '/health': () => new Response('fine'),
    '/echo': (request) => new Response('', { status: request.headers.get('x-token') === 'secret' ? 200 : 403 }),
    '/method': (request) => new Response(null, { status: request.method === 'POST' ? 201 : 405 }),
    '/host': (request) => new Response('', { status: request.headers.get('host') === 'h.test' ? 200 : 421 }),
    '/moved': () => Response.redirect('/health', 302),
    '/broken': () => Response.redirect('/missing', 302),
    '/loop': () => Response.redirect('/loop', 302),
    '/slow': () => new Promise<Response>(() => {}),
    '/endless': () => new Response(new ReadableStream({ pull: (stream) => stream.enqueue('x'.repeat(1024)) })),
  },
  fetch: () => new Response('', { status: 404 }),
})
const url = `http://127.0.0.1:${server.port}`
afterAll(async () => {
  transport.close()
  await server.stop(true)
})

function ask(target: string, parts: Partial<CheckPlan> = {}): Promise<Verdict> {
  const plan: CheckPlan = {
    ...{ mode: 'http' as const, server: addressOf(url), host: 'a.test', target, method: 'GET', headers: [], status: 0 },
    ...{ followRedirects: true, intervalMs: 0, unhealthyIntervalMs: 0, timeoutMs: 1000 },
    ...parts,
  }
  return probe(plan, transport, probeExchange())
}

describe('a probe', () => {
  test.each([
    ['/health', {}, undefined],
    ['/missing', {}, 'answered with status 404'],
    ['/missing', { status: 404 }, undefined],
    ['/health', { status: 204 }, 'answered with status 200'],
    ['/echo', { headers: ['X-Token', 'secret'] }, undefined],
    ['/echo', {}, 'answered with status 403'],
    ['/method', { method: 'POST' }, undefined],
    ['/host', { host: 'h.test' }, undefined],
    ['/moved', {}, undefined],
    ['/moved', { followRedirects: false }, undefined],
    ['/moved', { followRedirects: false, status: 302 }, undefined],
    ['/broken', {}, 'answered with status 404'],
    ['/loop', {}, 'more than 10 redirects'],
    ['/slow', { timeoutMs: 50 }, 'no answer within 0.05 s'],
    ['/endless', {}, undefined],
  ] as [string, Partial<CheckPlan>, string | undefined][])('of %s with %j finds: %p', async (target, parts, reason) => {
    const verdict = await ask(target, parts)
    expect(verdict.isUp ? undefined : verdict.reason).toBe(reason)
  })

  test('finds a server that refuses down', async () => {
    const gone = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    const server = addressOf(`http://127.0.0.1:${gone.port}`)
    await gone.stop(true)
    expect((await ask('/', { server })).isUp).toBe(false)
  })

  test.each([
    ['resets', (socket: Bun.Socket) => socket.terminate()],
    ['closes', (socket: Bun.Socket) => socket.end()],
    ['sends garbage', (socket: Bun.Socket) => void socket.write('garbage\r\n\r\n')],
    ['never answers', () => {}],
  ])('finds a server down that %s', async (_, answer) => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: answer } })
    const server = addressOf(`http://127.0.0.1:${listener.port}`)
    expect((await ask('/', { server, timeoutMs: 100 })).isUp).toBe(false)
    listener.stop(true)
  })
})
