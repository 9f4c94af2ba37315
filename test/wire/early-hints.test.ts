import { describe, expect, test } from 'bun:test'
import { flag, frame, frameType, Http2Peer, requestBlock } from '../support/http2-frames.ts'
import { ways, WireProxy, type Way } from '../support/proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** What a browser sends when it opens a page. */
const opensPage = [
  ['user-agent', 't'],
  ['accept', '*/*'],
  ['sec-fetch-mode', 'navigate'],
] as const
const requestOfPage = `GET / HTTP/1.1\r\nHost: a.test\r\n${opensPage.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

async function startWithRetry(upstream: WireUpstream, way: Way, options: string): Promise<WireProxy> {
  return WireProxy.start({
    way,
    dynamic: `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target, middlewares: [again] } }
  middlewares: { again: { retry: { attempts: 3, ${options} } } }
  services: { target: { loadBalancer: { servers: [{ url: "${upstream.url}" }] } } }
`,
  })
}

describe.each(ways)('early hints over %s', (way) => {
  test('reach an HTTP/1 client before the answer is there', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startWithRetry(upstream, way, 'initialInterval: 1ms')
    const client = await proxy.connect()
    client.send(requestOfPage)
    const server = await upstream.request()
    server.send(hints)
    await client.expect(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\n$/)
    server.send(okay)
    await client.expect('ok')
  })

  test('reach an HTTP/2 client before the answer is there', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startWithRetry(upstream, way, 'initialInterval: 1ms')
    using client = await Http2Peer.connect(proxy.port)
    const block = requestBlock({ fields: opensPage })
    client.send(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, block))
    const server = await upstream.request()
    server.send(hints)
    const head = await client.next(({ type }) => type === frameType.headers, 'the hints')
    expect(head.payload.toString('latin1')).toContain('</a.css>; rel=preload')
    server.send(okay)
    await client.next(({ type, flags }) => type === frameType.data && flags === flag.endStream, 'the answer')
  })

  test('of an attempt that is thrown away do not, those of the answer do', async () => {
    await using upstream = new WireUpstream()
    await using proxy = await startWithRetry(upstream, way, 'status: ["503"]')
    const client = await proxy.connect()
    client.send(requestOfPage)
    const first = await upstream.request()
    first.send(
      `${hints.replace('a.css', 'failed.css')}HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    first.close()
    const second = await upstream.request()
    second.send(hints + okay)
    const text = await client.expect('ok')
    expect(text).toStartWith('HTTP/1.1 103 Early Hints\r\nLink: </a.css>')
    expect(text).toContain('HTTP/1.1 200 OK')
    expect(text).not.toContain('failed')
  })
})
