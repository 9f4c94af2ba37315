import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { refusingUrl } from '../support/ports.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmain'
const get = `GET / HTTP/1.1\r\n${plainFields}\r\n`
const post = `POST / HTTP/1.1\r\n${plainFields}Content-Length: 4\r\n\r\nping`

function dynamic(main: string, mirrors: readonly string[]): string {
  return `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target } }
  services:
    target: { mirroring: { service: main, mirrors: [${mirrors.map((_, at) => `{ name: m${at}, percent: 100 }`).join(', ')}] } }
    main: { loadBalancer: { servers: [{ url: "${main}" }] } }
${mirrors.map((url, at) => `    m${at}: { loadBalancer: { servers: [{ url: "${url}" }] } }`).join('\n')}
`
}

/** Fails every request, and keeps what it was asked. */
function startMirror(): { readonly seen: string[]; readonly url: string } & AsyncDisposable {
  const seen: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      seen.push(`${request.method} ${await request.text()}`)
      return new Response('', { status: 500 })
    },
  })
  return { seen, url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) }
}

describe.each(ways)('mirroring over %s', (way) => {
  test('sends each mirror what a client has been answered, past one that is dead', async () => {
    await using main = new WireUpstream(answering(okay))
    await using mirror = startMirror()
    const mirrors = [refusingUrl, mirror.url]
    await using proxy = await WireProxy.start({ way, dynamic: dynamic(main.url, mirrors) })
    const client = await proxy.connect()
    for (const request of [get, post]) {
      client.send(request)
      expect(await client.take('main')).toStartWith('HTTP/1.1 200 OK\r\n')
    }
    await eventually(() => mirror.seen.length >= 2, 'two copies')
    expect(mirror.seen.sort()).toEqual(['GET ', 'POST ping'])
    expect(proxy.exchanges).toHaveLength(2)
  })

  test('mirrors nothing for a client that has gone without its answer', async () => {
    await using main = new WireUpstream()
    await using mirror = startMirror()
    await using proxy = await WireProxy.start({ way, dynamic: dynamic(main.url, [mirror.url]) })
    const impatient = await proxy.connect()
    impatient.send(post)
    await main.request('ping')
    impatient.reset()
    await proxy.finished(1)
    const client = await proxy.connect()
    client.send(get)
    const server = await main.request()
    server.send(okay)
    await client.expect('main')
    await eventually(() => mirror.seen.length > 0, 'a copy')
    expect(mirror.seen).toEqual(['GET '])
  })
})
