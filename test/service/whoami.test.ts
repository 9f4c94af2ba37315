import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { textBody, type Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { whoami } from '../../src/service/whoami.ts'
import { makeRequest } from '../support/request.ts'

async function textOf(body: Body): Promise<string> {
  let text = ''
  for (let piece = await body.read(); piece !== undefined; piece = await body.read())
    text += Buffer.from(piece).toString()
  return text
}

function unknownLength(text: string): Body {
  const pieces = [Buffer.from(text)]
  return pullBody({ read: () => Promise.resolve(pieces.shift()), cancel: () => {} })
}

/** Without the lines that tell of this machine. */
function described(text: string): string[] {
  return text.split('\n').filter((line) => !/^(Hostname|IP): /.test(line))
}

describe('whoami', () => {
  test('lists the request as Go would write it: Host and User-Agent, then fields by name', async () => {
    const headers = ['x-b', '2', 'X-Forwarded-For', '203.0.113.9', 'user-agent', 'curl', 'accept', '*/*', 'X-B', '3']
    const request = makeRequest({ path: '/a', query: 'b=c', headers })
    const response = await whoami()(request)
    expect(response.status).toBe(200)
    expect(described(await textOf(response.body))).toEqual([
      'RemoteAddr: 203.0.113.9:40123',
      'GET /a?b=c HTTP/1.1',
      'Host: a.test',
      'User-Agent: curl',
      'Accept: */*',
      'X-B: 2',
      'X-B: 3',
      'X-Forwarded-For: 203.0.113.9',
      '',
      '',
    ])
  })

  test('tells this machine’s name and addresses', async () => {
    const text = await textOf((await whoami({ name: 'one' })(makeRequest())).body)
    expect(text).toMatch(/^Name: one\nHostname: \S+\n(IP: \S+\n)+RemoteAddr: /)
  })

  test.each([
    ['a known length', textBody('hello'), 'Content-Length: 5'],
    ['chunks', unknownLength('hello'), 'Transfer-Encoding: chunked'],
  ])('tells a body’s framing: %s', async (_, body, line) => {
    const response = await whoami()(makeRequest({ method: 'POST', body }))
    expect(described(await textOf(response.body))).toContain(line)
  })

  test('writes an IPv6 client in brackets', async () => {
    const response = await whoami()(makeRequest({ client: { address: '2001:db8::1' } }))
    expect(described(await textOf(response.body))[0]).toBe('RemoteAddr: [2001:db8::1]:40123')
  })

  test('answers /api with JSON', async () => {
    const response = await whoami({ name: 'one' })(makeRequest({ path: '/api', headers: ['x-a', '1', 'X-A', '2'] }))
    expect(response.headers).toContain('application/json')
    expect(JSON.parse(await textOf(response.body))).toMatchObject({
      name: 'one',
      method: 'GET',
      url: '/api',
      host: 'a.test',
      remoteAddr: '203.0.113.9:40123',
      headers: { 'X-A': ['1', '2'] },
    })
  })

  test('answers /bench with 1', async () => {
    expect(await textOf((await whoami()(makeRequest({ path: '/bench' }))).body)).toBe('1')
  })

  test.each([
    ['size=0', ''],
    ['size=1', '|'],
    ['size=2', '||'],
    ['size=30', '|ABCDEFGHIJKLMNOPQRSTUVWXYZ-A|'],
  ])('answers /data?%s with %p', async (query, text) => {
    const response = await whoami()(makeRequest({ path: '/data', query }))
    expect(response.body.length).toBe(text.length)
    expect(await textOf(response.body)).toBe(text)
  })

  test('joins the pieces of a large body without a seam', async () => {
    const response = await whoami()(makeRequest({ path: '/data', query: 'size=200&unit=kb' }))
    const text = await textOf(response.body)
    const alphabet = '-ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    expect(text).toBe(`|${alphabet.repeat(8000).slice(1, 200 * 1024 - 1)}|`)
  })

  test.each(['size=-1', 'size=1.5', 'size=ten', 'size=1&unit=XB', 'size=99999999999999999&unit=TB'])(
    'refuses /data?%s with 400',
    async (query) => {
      const response = await whoami()(makeRequest({ path: '/data', query }))
      expect(response.status).toBe(400)
      expect(await textOf(response.body)).toBe('size must be a whole number, unit one of B, KB, MB, GB, TB\n')
    },
  )

  test('keeps the status that was posted to /health, each instance its own', async () => {
    const one = whoami()
    const other = whoami()
    await one(makeRequest({ path: '/health', method: 'POST', body: textBody('503\n') }))
    expect((await one(makeRequest({ path: '/health' }))).status).toBe(503)
    expect((await other(makeRequest({ path: '/health' }))).status).toBe(200)
  })

  test.each(['', '99', '600', 'fine'])('refuses %p as a health status', async (body) => {
    const handler = whoami()
    const response = await handler(makeRequest({ path: '/health', method: 'POST', body: textBody(body) }))
    expect(response.status).toBe(400)
    expect((await handler(makeRequest({ path: '/health' }))).status).toBe(200)
  })

  test('stops waiting when the client goes away', async () => {
    const request = makeRequest({ query: 'wait=3600s' })
    const answer = whoami()(request)
    await Promise.resolve()
    request.exchange.cancel(new ProxyError('client.reset', 'gone'))
    expect((await answer).status).toBe(200)
  })
})
