import { Server, status, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { describe, expect, test } from 'bun:test'
import { invalid, Place } from '../../../src/config/schema.ts'
import { ProblemCollector } from '../../../src/config/problem.ts'
import { healthCheck } from '../../../src/service/health/options.ts'
import { planCheck } from '../../../src/service/health/plan.ts'
import { probe, probeExchange, type Verdict } from '../../../src/service/health/probe.ts'
import { parseServerUrl } from '../../../src/service/server-url.ts'
import { http2Transport } from '../../../src/upstream/http2.ts'
import { socketTransport } from '../../../src/upstream/socket.ts'
import { plainFields, WireProxy } from '../../support/proxy.ts'
import { eventually } from '../../support/eventually.ts'
import { listenGrpc } from '../../support/grpc-peers.ts'
import { toNode } from '../../support/middleware.ts'
import { TlsAuthority } from '../../support/tls-authority.ts'
import { transportOptions } from '../../support/transport.ts'

/** A number: the health that is told. A text: the call fails. */
type Answer = number | string | 'never'

const check = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
}

interface HealthServer extends AsyncDisposable {
  readonly port: number
  /** The message of each call that has come. */
  readonly asked: string[]
  answer: Answer
}

/** The real library, with the one service that a check asks. */
async function startHealthServer(answer: Answer, tls?: { cert: string; key: string }): Promise<HealthServer> {
  const server = new Server()
  const reply = (call: { request: Buffer }, done: (error: object | null, message?: Buffer) => void): void => {
    started.asked.push(call.request.toString('hex'))
    if (started.answer === 'never') return
    if (typeof started.answer === 'string') return done({ code: status.UNIMPLEMENTED, details: started.answer })
    // Protobuf leaves a zero out.
    done(null, started.answer === 0 ? Buffer.alloc(0) : Buffer.from([0x08, started.answer]))
  }
  server.addService({ check }, { check: reply } as unknown as UntypedServiceImplementation)
  const port = await listenGrpc(server, tls)
  const asked: string[] = []
  const started = { port, asked, answer, [Symbol.asyncDispose]: async () => server.forceShutdown() }
  return started
}

async function ask(url: string, options: object = {}, tls = {}): Promise<Verdict> {
  const decoded = healthCheck.decode(toNode({ mode: 'grpc', ...options }), new Place(new ProblemCollector()))
  const parsed = parseServerUrl(url)
  if (decoded === invalid || !parsed.ok) throw new Error('not valid')
  const settings = transportOptions({ tls })
  const transport = http2Transport(settings, socketTransport(settings))
  const verdict = await probe(planCheck(decoded, parsed.value), transport, probeExchange())
  transport.close()
  return verdict
}

describe('a probe by gRPC', () => {
  test.each([
    [1, undefined],
    [0, 'says UNKNOWN'],
    [2, 'says NOT_SERVING'],
    ['no such service', 'answered with gRPC status 12'],
    ['never', 'no answer within 0.1 s'],
  ])('of a server that answers %p finds: %p', async (answer, reason) => {
    await using server = await startHealthServer(answer)
    const verdict = await ask(`http://127.0.0.1:${server.port}`, { timeout: answer === 'never' ? '100ms' : '2s' })
    expect(verdict.isUp ? undefined : verdict.reason).toBe(reason)
    expect(server.asked).toEqual([''])
  })

  test('goes over TLS to a server with an https URL', async () => {
    const authority = await TlsAuthority.create('good')
    await using server = await startHealthServer(
      1,
      await authority.issue({ names: [{ type: 'dns', value: 'a.test' }] }),
    )
    const url = `https://127.0.0.1:${server.port}`
    const trusting = { serverName: 'a.test', options: { ca: [authority.cert] } }
    expect(await ask(url, {}, trusting)).toEqual({ isUp: true })
    expect((await ask(url)).isUp).toBe(false)
  })

  test('finds a server down that speaks HTTP/1 alone', async () => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    expect((await ask(`http://127.0.0.1:${server.port}`, { timeout: '1s' })).isUp).toBe(false)
    await server.stop(true)
  })
})

describe('a load balancer with checks by gRPC', () => {
  test('answers 503 while its server does not serve, and recovers', async () => {
    await using server = await startHealthServer(1)
    const dynamic = `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target } }
  services:
    target:
      loadBalancer:
        servers: [{ url: "h2c://127.0.0.1:${server.port}" }]
        healthCheck: { mode: grpc, interval: 20ms, timeout: 1s }
`
    await using proxy = await WireProxy.start({ dynamic })
    const isUp = async () => {
      const client = await proxy.connect()
      client.send(`GET / HTTP/1.1\r\n${plainFields}Connection: close\r\n\r\n`)
      return !(await client.toEnd()).startsWith('HTTP/1.1 503 ')
    }
    for (const [answer, expected] of [
      [1, true],
      [2, false],
      [1, true],
    ] as const) {
      server.answer = answer
      await eventually(async () => (await isUp()) === expected, `status ${answer}`)
    }
  })
})
