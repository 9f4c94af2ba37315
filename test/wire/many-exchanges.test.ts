import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { plainFields, WireProxy } from '../support/proxy.ts'
import { answering, WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const slow = `GET /slow HTTP/1.1\r\n${plainFields}\r\n`
const quick = `GET / HTTP/1.1\r\n${plainFields}\r\n`

describe('hundreds of requests that wait for their answers', () => {
  test('all reach their server, and hold up nobody else', async () => {
    await using silent = new WireUpstream()
    await using good = new WireUpstream(answering(okay))
    const dynamic = `
http:
  routers:
    slow: { rule: "Path(\`/slow\`)", service: slow }
    quick: { rule: "Path(\`/\`)", service: quick }
  services:
    slow: { loadBalancer: { servers: [{ url: "${silent.url}" }] } }
    quick: { loadBalancer: { servers: [{ url: "${good.url}" }] } }
`
    await using proxy = await WireProxy.start({ dynamic })
    const ask = async () => {
      const client = await proxy.connect()
      client.send(quick)
      return client.expect('ok')
    }
    // Twice: what has been given up leaves its place to others.
    for (const round of [1, 2]) {
      const waiting = await Promise.all(Array.from({ length: 300 }, () => proxy.connect()))
      for (const client of waiting) client.send(slow)
      await eventually(() => silent.connections.length === 300 * round, 'all requests')
      expect(await ask()).toStartWith('HTTP/1.1 200 OK\r\n')
      for (const client of waiting) client.reset()
      await silent.allGone()
    }
  })
})
