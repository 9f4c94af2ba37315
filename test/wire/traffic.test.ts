import { describe, expect, test } from 'bun:test'
import { refusingUrl } from '../support/ports.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import type { WirePeer } from '../support/wire-peer.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const unavailable = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy'

interface Setting {
  /** Options of each middleware, outermost first. */
  readonly middlewares: readonly string[]
  readonly servers: readonly string[]
}

function dynamicOf({ middlewares, servers }: Setting): string {
  return `
http:
  routers:
    all: { rule: "HostRegexp(\`.*\`)", service: target, middlewares: [${middlewares.map((_, at) => `m${at}`).join(', ')}] }
  middlewares:
${middlewares.map((options, at) => `    m${at}: ${options}`).join('\n')}
  services:
    target: { loadBalancer: { servers: [${servers.map((url) => `{ url: "${url}" }`).join(', ')}] } }
`
}

function request(method = 'GET', fields = '', body = ''): string {
  return `${method} / HTTP/1.1\r\n${plainFields}${fields}\r\n${body}`
}

/** Sends the request on a connection of its own and gives the whole answer. */
async function ask(proxy: WireProxy, text: string): Promise<string> {
  const client = await proxy.connect()
  client.send(text)
  const got = await client.expect((received) => isWhole(received))
  client.close()
  return got
}

function isWhole(message: string): boolean {
  const end = message.indexOf('\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(message)?.[1])
  return end >= 0 && message.length >= end + 4 + length
}

function status(answer: string): number {
  return Number(answer.split(' ')[1])
}

/** Takes each request whole and answers it with the number of bytes in its body. */
function counting(peer: WirePeer): void {
  void (async () => {
    while (!peer.isGone && !peer.hasEnded) {
      const text = await peer.take((received) => isWhole(received) || peer.hasEnded)
      const bytes = String(text.length - text.indexOf('\r\n\r\n') - 4)
      if (!peer.hasEnded) peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`)
    }
  })().catch(() => peer.close())
}

describe.each(ways)('retry over %s', (way) => {
  test('asks another server when one refuses', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const servers = [refusingUrl, upstream.url]
    const dynamic = dynamicOf({ middlewares: ['{ retry: { attempts: 2 } }'], servers })
    await using proxy = await WireProxy.start({ way, dynamic })
    for (let time = 0; time < 6; time++) expect(status(await ask(proxy, request()))).toBe(200)
    const posted = request('POST', 'Content-Length: 5\r\n', 'hello')
    for (let time = 0; time < 4; time++) expect(status(await ask(proxy, posted))).toBe(200)
  })

  test('gives the last refusal when there is no other server', async () => {
    const dynamic = dynamicOf({
      middlewares: ['{ retry: { attempts: 3 } }'],
      servers: [refusingUrl],
    })
    await using proxy = await WireProxy.start({ way, dynamic })
    expect(status(await ask(proxy, request()))).toBe(502)
    expect(proxy.entries.filter((entry) => entry.includes('another attempt'))).toHaveLength(2)
  })

  test('asks another server although an error page would stand for the refusal', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const pages = '{ errors: { status: ["500-599"], service: noop@internal, query: /page } }'
    const servers = [refusingUrl, upstream.url]
    const dynamic = dynamicOf({ middlewares: ['{ retry: { attempts: 3 } }', pages], servers })
    await using proxy = await WireProxy.start({ way, dynamic })
    for (let time = 0; time < 4; time++) expect(status(await ask(proxy, request()))).toBe(200)
    expect(proxy.exchanges.every(({ failure }) => failure === undefined)).toBe(true)
  })

  test('does not send again what a server may have seen', async () => {
    await using dying = new WireUpstream((peer) => void peer.expect('\r\n\r\n').then(() => peer.close()))
    const dynamic = dynamicOf({ middlewares: ['{ retry: { attempts: 3 } }'], servers: [dying.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    expect(status(await ask(proxy, request('POST', 'Content-Length: 5\r\n', 'hello')))).toBe(502)
    expect(dying.connections).toHaveLength(1)
  })

  test('sends a body again that another server did not take', async () => {
    await using busy = new WireUpstream(answering(unavailable))
    await using good = new WireUpstream(counting)
    const retry = '{ retry: { attempts: 2, status: ["503"], retryNonIdempotentMethod: true } }'
    const dynamic = dynamicOf({ middlewares: [retry], servers: [busy.url, good.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    const body = 'x'.repeat(300_000)
    for (let time = 0; time < 4; time++) {
      const answer = await ask(proxy, request('POST', `Content-Length: ${body.length}\r\n`, body))
      expect(answer).toEndWith('300000')
    }
    expect(busy.connections.length).toBeGreaterThan(0)
  })

  test('asks each server once before it asks one again', async () => {
    await using one = new WireUpstream(answering(unavailable))
    await using two = new WireUpstream(answering(unavailable))
    await using good = new WireUpstream(answering(okay))
    const retry = '{ retry: { attempts: 3, status: ["503"] } }'
    const dynamic = dynamicOf({ middlewares: [retry], servers: [one.url, two.url, good.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    // Many at a time: the balancer's turns alone would send two attempts of one request to one server.
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(proxy, request())))
    expect(answers.map(status)).toEqual(Array(12).fill(200))
  })

  test('goes on with a body that is still coming when a server gives up early', async () => {
    await using busy = new WireUpstream((peer) => void peer.expect('first').then(() => peer.send(unavailable).close()))
    await using good = new WireUpstream(counting)
    const dynamic = dynamicOf({
      middlewares: ['{ retry: { attempts: 4, status: ["502-503"] } }'],
      servers: [busy.url, good.url],
    })
    await using proxy = await WireProxy.start({ way, dynamic })
    for (let time = 0; time < 2; time++) {
      const client = await proxy.connect()
      client.send(request('PUT', 'Content-Length: 11\r\n', 'first'))
      await (time === 0 ? Promise.race([busy.request('first'), good.request('first')]) : Promise.resolve())
      client.send('second')
      expect(await client.expect((text) => isWhole(text))).toEndWith('11')
      client.close()
    }
  })

  test('stops when the client leaves between two attempts', async () => {
    const servers = [refusingUrl]
    const dynamic = dynamicOf({ middlewares: ['{ retry: { attempts: 3, initialInterval: 1m } }'], servers })
    await using proxy = await WireProxy.start({ way, dynamic })
    const client = await proxy.connect()
    client.send(request())
    while (!proxy.entries.some((entry) => entry.includes('another attempt'))) await Bun.sleep(1)
    client.reset()
    const exchange = await proxy.finished(1)
    expect(exchange.outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
  })
})

describe('retry of an upgrade', () => {
  test('asks another server when one refuses, and lets the connection be', async () => {
    await using upstream = new WireUpstream()
    const servers = [refusingUrl, upstream.url]
    const dynamic = dynamicOf({ middlewares: ['{ retry: { attempts: 2, status: ["101"] } }'], servers })
    await using proxy = await WireProxy.start({ dynamic })
    for (let time = 0; time < 2; time++) {
      const client = await proxy.connect()
      client.send(request('GET', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
      const server = await upstream.request()
      server.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      await client.expect('101 Switching Protocols')
      client.send('ping')
      await server.expect('ping')
      server.send('pong')
      await client.expect('pong')
      client.close()
      await server.gone()
    }
  })
})

describe.each(ways)('buffering over %s', (way) => {
  const size = 5 * 1024 * 1024 + 1

  test('carries large bodies through a file, with their lengths', async () => {
    await using upstream = new WireUpstream()
    const limits = '{ memRequestBodyBytes: 65536, memResponseBodyBytes: 65536 }'
    const dynamic = dynamicOf({ middlewares: [`{ buffering: ${limits} }`], servers: [upstream.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    const client = await proxy.connect()
    client.keepsText = false
    client.send(request('POST', 'Transfer-Encoding: chunked\r\n'))
    const chunk = Buffer.alloc(size, 'abcdefghijklmno')
    client
      .send(`${size.toString(16)}\r\n`)
      .send(chunk)
      .send('\r\n')
    await client.sent()
    // Nothing is forwarded before the last chunk.
    expect(upstream.connections).toHaveLength(0)
    client.send('0\r\n\r\n')
    const server = await upstream.accept()
    await server.receives(size)
    const seen = await server.expect((text) => isWhole(text))
    expect(seen).toContain(`Content-Length: ${size}\r\n`)
    expect(seen.slice(-size)).toBe(chunk.toString('latin1'))
    server.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    server
      .send(`${size.toString(16)}\r\n`)
      .send(chunk)
      .send('\r\n')
    await server.sent()
    expect(client.receivedBytes).toBe(0)
    client.keepsText = true
    server.send('0\r\n\r\n')
    const got = await client.expect((text) => isWhole(text))
    expect(got).toContain(`Content-Length: ${size}\r\n`)
    expect(got.slice(-size)).toBe(chunk.toString('latin1'))
  })

  test('refuses what is too large, and the connection can go on', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const limits = '{ maxRequestBodyBytes: 4, maxResponseBodyBytes: 1 }'
    const dynamic = dynamicOf({ middlewares: [`{ buffering: ${limits} }`], servers: [upstream.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    const client = await proxy.connect()
    client.send(request('POST', 'Content-Length: 5\r\n', 'hello'))
    const refused = await client.take((text) => isWhole(text))
    expect(refused).toStartWith('HTTP/1.1 413 ')
    expect(refused).toEndWith('Request Entity Too Large')
    client.send(request('POST', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'))
    expect(status(await client.take((text) => isWhole(text)))).toBe(413)
    expect(upstream.connections).toHaveLength(0)
    client.send(request())
    const broken = await client.take((text) => isWhole(text))
    expect(broken).toStartWith('HTTP/1.1 500 ')
    expect(broken).toEndWith('Internal Server Error')
  })

  test('lets go of a request whose client leaves in the middle', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const dynamic = dynamicOf({ middlewares: ['{ buffering: { memRequestBodyBytes: 10 } }'], servers: [upstream.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    const client = await proxy.connect()
    client.send(request('POST', 'Content-Length: 1000\r\n', 'x'.repeat(500)))
    await client.sent()
    client.reset()
    const exchange = await proxy.finished(1)
    expect(exchange.outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
    expect(upstream.connections).toHaveLength(0)
  })

  test('replays a body from its file', async () => {
    await using busy = new WireUpstream(answering(unavailable))
    await using good = new WireUpstream(counting)
    const options = '{ memRequestBodyBytes: 10, retryExpression: "ResponseCode() == 503 && Attempts() < 3" }'
    const dynamic = dynamicOf({ middlewares: [`{ buffering: ${options} }`], servers: [busy.url, good.url] })
    await using proxy = await WireProxy.start({ way, dynamic })
    const body = 'x'.repeat(100_000)
    for (let time = 0; time < 3; time++) {
      expect(await ask(proxy, request('POST', `Content-Length: ${body.length}\r\n`, body))).toEndWith('100000')
    }
  })
})

describe('state over a reload', () => {
  const limited = ['{ rateLimit: { average: 1, period: 1h, burst: 2 } }']
  const broken = ['{ circuitBreaker: { expression: "NetworkErrorRatio() > 0.5", fallbackDuration: 1h } }']

  /** Reloads with one more router, and waits until that one answers. */
  async function reloaded(proxy: WireProxy, dynamic: string, marker: string): Promise<void> {
    const router = `    ${marker}: { rule: "Host(\`${marker}.test\`)", service: noop@internal, priority: 1000 }\n`
    await proxy.reload(dynamic.replace('  middlewares:\n', `${router}  middlewares:\n`))
    const probe = `GET / HTTP/1.1\r\nHost: ${marker}.test\r\n\r\n`
    const deadline = performance.now() + 3000
    while (status(await ask(proxy, probe)) !== 418) {
      if (performance.now() > deadline) throw new Error(`no router ${marker} after the reload`)
    }
  }

  test('of a rate limit stays, until its own configuration changes', async () => {
    await using upstream = new WireUpstream(answering(okay))
    const flags = ['providers.providersThrottleDuration=1ms']
    const dynamic = dynamicOf({ middlewares: limited, servers: [upstream.url] })
    await using proxy = await WireProxy.start({ dynamic, flags })
    expect(status(await ask(proxy, request()))).toBe(200)
    expect(status(await ask(proxy, request()))).toBe(200)
    expect(status(await ask(proxy, request()))).toBe(429)
    await reloaded(proxy, dynamic.replace('HostRegexp(`.*`)', 'PathPrefix(`/`)'), 'first')
    expect(status(await ask(proxy, request()))).toBe(429)
    await reloaded(proxy, dynamic.replace('burst: 2', 'burst: 1'), 'second')
    expect(status(await ask(proxy, request()))).toBe(200)
    expect(status(await ask(proxy, request()))).toBe(429)
  })

  test('of a circuit breaker stays', async () => {
    await using upstream = new WireUpstream(answering('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
    const dynamic = dynamicOf({ middlewares: broken, servers: [upstream.url] })
    await using proxy = await WireProxy.start({ dynamic, flags: ['providers.providersThrottleDuration=1ms'] })
    expect(status(await ask(proxy, request()))).toBe(502)
    expect(status(await ask(proxy, request()))).toBe(503)
    await reloaded(proxy, dynamic, 'marker')
    expect(status(await ask(proxy, request()))).toBe(503)
    expect(proxy.entries.join('')).toContain('the circuit breaker is open')
  })
})
