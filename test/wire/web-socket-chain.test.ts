import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { WebSocketServer } from '../support/web-socket-server.ts'
import { WebSocketStage, type OpenOptions } from '../support/web-socket-stage.ts'
import { ways } from '../support/proxy.ts'

interface Setting {
  /** Options of each middleware, outermost first. */
  readonly middlewares?: readonly string[]
  readonly servers: readonly string[]
  /** Further options of the load balancer. */
  readonly balancer?: string
}

function dynamicOf({ middlewares = [], servers, balancer = '' }: Setting): string {
  const names = middlewares.map((_, at) => `m${at}`)
  const section = names.map((name, at) => `    ${name}: ${middlewares[at]}\n`).join('')
  return `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target, middlewares: [${names.join(', ')}] } }
${section === '' ? '' : `  middlewares:\n${section}`}  services:
    target: { loadBalancer: { ${balancer} servers: [${servers.map((url) => `{ url: "${url}" }`).join(', ')}] } }
`
}

const login = 'Basic dGVzdDp0ZXN0'
const users = '"test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"'

/** Each with what it adds to a request that is let through. */
const layers: readonly (readonly [string, string, OpenOptions])[] = [
  ['headers', '{ headers: { customRequestHeaders: { X-A: b }, customResponseHeaders: { X-C: d } } }', {}],
  ['headers with CORS', '{ headers: { accessControlAllowOriginList: ["*"], frameDeny: true } }', {}],
  ['basicAuth', `{ basicAuth: { users: [${users}] } }`, { headers: { Authorization: login } }],
  ['retry', '{ retry: { attempts: 3 } }', {}],
  ['retry by status', '{ retry: { attempts: 3, status: ["100-599"] } }', {}],
  ['compress', '{ compress: { minResponseBodyBytes: 1 } }', { headers: { 'Accept-Encoding': 'gzip, br' } }],
  ['buffering', '{ buffering: { maxRequestBodyBytes: 10, maxResponseBodyBytes: 10 } }', {}],
  ['circuitBreaker', '{ circuitBreaker: { expression: "ResponseCodeRatio(100, 400, 0, 600) > 0.5" } }', {}],
  ['errors', '{ errors: { status: ["400-599"], service: target, query: /error } }', {}],
  ['rateLimit', '{ rateLimit: { average: 10, burst: 10 } }', {}],
  ['inFlightReq', '{ inFlightReq: { amount: 1 } }', {}],
  ['stripPrefix', '{ stripPrefix: { prefixes: [/live] } }', { path: '/live/chat' }],
  ['addPrefix', '{ addPrefix: { prefix: /live } }', {}],
  ['replacePathRegex', '{ replacePathRegex: { regex: "^/old/(.*)", replacement: "/new/$1" } }', { path: '/old/a' }],
  ['ipAllowList', '{ ipAllowList: { sourceRange: [127.0.0.1/32] } }', {}],
  ['contentType', '{ contentType: {} }', {}],
  ['grpcWeb', '{ grpcWeb: { allowOrigins: ["*"] } }', {}],
]

describe.each(ways)('a WebSocket by %s', (way) => {
  test.each(layers)('passes %s', async (_, middleware, options) => {
    await using origin = await WebSocketServer.start()
    const dynamic = dynamicOf({ middlewares: [middleware], servers: [origin.url] })
    await using stage = await WebSocketStage.start({ dynamic, way })
    const client = await stage.connect(options)
    expect(await client.ask('hello')).toBe('hello')
    client.socket.close(1000)
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
  })

  test('passes all of them at once', async () => {
    const names = ['headers', 'basicAuth', 'retry by status', 'compress', 'buffering', 'circuitBreaker', 'inFlightReq']
    const middlewares = layers.filter(([name]) => names.includes(name)).map(([, middleware]) => middleware)
    expect(middlewares).toHaveLength(names.length)
    await using origin = await WebSocketServer.start({ perMessageDeflate: true })
    await using stage = await WebSocketStage.start({ dynamic: dynamicOf({ middlewares, servers: [origin.url] }), way })
    const client = await stage.connect({ headers: { Authorization: login } })
    expect(client.handshake.headers).toMatchObject({ 'x-c': 'd', upgrade: 'websocket' })
    expect(origin.peers[0]!.handshake.headers).toMatchObject({ 'x-a': 'b', 'x-forwarded-proto': 'ws' })
    const long = 'long '.repeat(100_000)
    expect(await client.ask(long)).toBe(long)
  })
})

/** What is no handshake gets this status. */
function answering(status: number): { plain: RequestListener } {
  return { plain: (_request, response) => void response.writeHead(status).end() }
}

describe('a handshake', () => {
  test('without the right login gets 401, and the server does not see it', async () => {
    await using origin = await WebSocketServer.start()
    const dynamic = dynamicOf({ middlewares: [`{ basicAuth: { users: [${users}] } }`], servers: [origin.url] })
    await using stage = await WebSocketStage.start({ dynamic })
    const { status, headers } = await stage.refused({ headers: { Authorization: 'Basic dGVzdDpubw==' } })
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="traefik"'])
    expect(origin.peers).toHaveLength(0)
  })

  test('takes a place of inFlightReq for as long as its WebSocket is open', async () => {
    await using origin = await WebSocketServer.start()
    const dynamic = dynamicOf({ middlewares: ['{ inFlightReq: { amount: 1 } }'], servers: [origin.url] })
    await using stage = await WebSocketStage.start({ dynamic })
    const client = await stage.connect()
    expect((await stage.refused()).status).toBe(429)
    client.socket.close()
    await stage.proxy.finished(2)
    expect(await (await stage.connect()).ask('now')).toBe('now')
  })

  test.each([
    [503, '{ retry: { attempts: 2, status: ["503"] } }'],
    [502, '{ retry: { attempts: 2 } }'],
  ])('that one server refuses (%d) is retried at another', async (status, retry) => {
    await using busy = await WebSocketServer.start()
    busy.refuseWith({ status, fields: {}, body: 'busy' })
    if (status === 502) await busy[Symbol.asyncDispose]()
    await using origin = await WebSocketServer.start()
    const dynamic = dynamicOf({ middlewares: [retry], servers: [busy.url, origin.url] })
    await using stage = await WebSocketStage.start({ dynamic })
    for (let time = 0; time < 4; time++) expect(await (await stage.connect()).ask('hello')).toBe('hello')
    expect(origin.peers).toHaveLength(4)
  })

  test('gets the sticky cookie with its 101, and goes by it', async () => {
    await using first = await WebSocketServer.start()
    await using second = await WebSocketServer.start()
    const balancer = 'sticky: { cookie: { name: seat } },'
    const dynamic = dynamicOf({ servers: [first.url, second.url], balancer })
    await using stage = await WebSocketStage.start({ dynamic })
    const [cookie = ''] = (await stage.connect()).handshake.headers['set-cookie'] ?? []
    expect(cookie).toStartWith('seat=')
    const chosen = first.peers.length === 1 ? first : second
    for (let time = 0; time < 4; time++) {
      const client = await stage.connect({ headers: { Cookie: cookie.split(';')[0]! } })
      expect(client.handshake.headers['set-cookie']).toBeUndefined()
    }
    expect([first.peers.length + second.peers.length, chosen.peers.length]).toEqual([5, 5])
  })

  test('is spread over the servers that are healthy', async () => {
    await using sick = await WebSocketServer.start(answering(503))
    await using first = await WebSocketServer.start(answering(200))
    await using second = await WebSocketServer.start(answering(200))
    const balancer = 'healthCheck: { path: /health, interval: 1s, timeout: 500ms },'
    const dynamic = dynamicOf({ servers: [sick.url, first.url, second.url], balancer })
    await using stage = await WebSocketStage.start({ dynamic })
    await eventually(() => stage.proxy.entries.some((entry) => entry.includes(sick.url)), 'the health check')
    for (let time = 0; time < 6; time++) expect(await (await stage.connect()).ask('hello')).toBe('hello')
    expect([sick, first, second].map(({ peers }) => peers.length)).toEqual([0, 3, 3])
  })
})
