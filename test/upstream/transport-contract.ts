import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { bytesBody, emptyBody, type Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import type { OutgoingRequest, Transport } from '../../src/upstream/transport.ts'
import type { SocketTransportOptions } from '../../src/upstream/socket.ts'
import { within } from '../provider/within.ts'
import { freePort } from '../support/ports.ts'
import { makeRequest, readText } from '../support/request.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const okay = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** Long enough not to be taken whole before the answer is handed on. */
const partOfBody = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello'
const gone = new ProxyError('client.reset', 'the client is gone')

export type MakeTransport = (options: SocketTransportOptions) => Transport

export const settings: SocketTransportOptions = {
  limits: { maxHeadBytes: 65_536, maxTargetBytes: 8192, maxFields: 100 },
  maxIdleConnectionsPerHost: 2,
  dialTimeoutMs: 2000,
  responseHeaderTimeoutMs: 0,
  idleTimeoutMs: 5000,
  tls: { serverName: undefined, insecureSkipVerify: false, peerNames: undefined, options: {} },
}

/** A request as `forward` would hand it on, to a server on loopback. */
export function outgoing(port: number, parts: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const authority = `127.0.0.1:${port}`
  return {
    method: 'GET',
    target: '/',
    host: 'a.test',
    headers: ['User-Agent', 't', 'Accept', '*/*'],
    body: emptyBody,
    server: { scheme: 'http', host: '127.0.0.1', port, authority, origin: `http://${authority}` },
    exchange: makeRequest().exchange,
    upgrade: undefined,
    expectContinue: false,
    ...parts,
  }
}

/** A body whose end is known: `ended` tells how. */
function watchedBody(pieces: readonly string[], length?: number) {
  const { promise: ended, resolve } = Promise.withResolvers<'read' | ProxyError>()
  const stuck = Promise.withResolvers<undefined>()
  const left = [...pieces]
  const body: Body = pullBody({
    length,
    read: () => {
      const piece = left.shift()
      if (piece === 'stands still') return stuck.promise
      if (piece === undefined) resolve('read')
      return Promise.resolve(piece === undefined ? undefined : Buffer.from(piece))
    },
    cancel: (reason) => {
      resolve(reason)
      stuck.resolve(undefined)
    },
  })
  return { body, ended: within(ended, 'the end of the request body') }
}

/** What the promise is rejected with. (`expect().rejects` would stop the script until it is.) */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const failure = promise.then(
    () => 'nothing',
    (thrown: unknown) => thrown,
  )
  return within(failure, 'a rejection')
}

/** What every transport owes to whoever sends a request over it. */
export function transportContract(name: string, make: MakeTransport): void {
  describe(`${name}: an exchange`, () => exchangeContract(make))
  describe(`${name}: a failure`, () => failureContract(make))
  describe(`${name}: the breaking off`, () => brokenBodyContract(make))
  describe(`${name}: cancelling`, () => cancelContract(make))
  describe(`${name}: cancelling`, () => lateCancelContract(make))
  describe(`${name}: connections`, () => connectionContract(make))
}

function exchangeContract(make: MakeTransport): void {
  test('gives status, fields and body', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const answer = transport.send(outgoing(upstream.port, { target: '/a?b' }))
    const server = await upstream.request()
    expect(server.text).toStartWith('GET /a?b HTTP/1.1\r\n')
    server.send('HTTP/1.1 299 Odd\r\nX-A: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello')
    const { status, headers, body } = await answer
    expect(status).toBe(299)
    expect(headers).toEqual(expect.arrayContaining(['X-A', '1', 'Set-Cookie', 'a', 'b']))
    expect(body.length).toBe(5)
    expect(await readText(body)).toBe('hello')
    transport.close()
    await upstream.allGone()
  })

  test.each([
    ['of known length', 10],
    ['of unknown length', undefined],
  ])('sends a body %s to its end', async (_, length) => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello', 'world'], length)
    const answer = transport.send(outgoing(upstream.port, { method: 'POST', body }))
    const server = await upstream.request(length === undefined ? '\r\n0\r\n\r\n' : 'world')
    expect(await ended).toBe('read')
    server.send(okay)
    expect(await readText((await answer).body)).toBe('ok')
    transport.close()
  })

  test('sends a body that is in memory', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const body = bytesBody(Buffer.from('hello'))
    const answer = transport.send(outgoing(upstream.port, { method: 'PUT', body }))
    const server = await upstream.request('hello')
    expect(server.text).toMatch(/\r\nContent-Length: 5\r\n/i)
    server.send(okay)
    await readText((await answer).body)
    transport.close()
  })

  test('takes an answer before the whole request, and lets the rest go', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const { body, ended } = watchedBody(['begin', 'stands still'])
    const answer = transport.send(outgoing(upstream.port, { method: 'POST', body }))
    const server = await upstream.request('begin')
    server.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno')
    const response = await answer
    expect(response.status).toBe(413)
    expect(await readText(response.body)).toBe('no')
    expect(await ended).toBeInstanceOf(ProxyError)
    await server.toEnd()
    transport.close()
  })
}

function failureContract(make: MakeTransport): void {
  test('to connect is told as upstream.refused, with the body let go', async () => {
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello'])
    const answer = transport.send(outgoing(await freePort(), { method: 'POST', body }))
    expect(await failureOf(answer)).toMatchObject({ name: 'ProxyError', code: 'upstream.refused' })
    expect(await ended).toMatchObject({ code: 'upstream.refused' })
    transport.close()
  })

  test.each([
    ['to answer', '', 'upstream.reset'],
    ['to speak HTTP', 'SSH-2.0-OpenSSH\r\n', 'upstream.malformed'],
  ])('%s is told with the body let go', async (_, bytes, code) => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const { body, ended } = watchedBody(['begin', 'stands still'])
    const answer = transport.send(outgoing(upstream.port, { method: 'POST', body }))
    const failure = failureOf(answer)
    const server = await upstream.request('begin')
    if (bytes === '') server.close()
    else server.send(bytes)
    expect(await failure).toMatchObject({ name: 'ProxyError', code })
    expect(await ended).toBeInstanceOf(ProxyError)
    transport.close()
  })

  test('to answer in time is told, and the connection closed', async () => {
    await using upstream = new WireUpstream()
    const transport = make({ ...settings, responseHeaderTimeoutMs: 60 })
    const answer = transport.send(outgoing(upstream.port))
    expect(await failureOf(answer)).toMatchObject({ code: 'upstream.responseTimeout' })
    await upstream.allGone()
    transport.close()
  })
}

function brokenBodyContract(make: MakeTransport): void {
  test('of the response’s body is told by that body', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const answer = transport.send(outgoing(upstream.port))
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello').close()
    const failure = failureOf(answer.then(({ body }) => readText(body)))
    expect(await failure).toMatchObject({ code: 'upstream.truncated' })
    transport.close()
  })

  test('of the request’s body reaches the server as an abort', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const failing = Promise.withResolvers<void>()
    let isFirst = true
    const body = pullBody({
      read: async () => {
        if (!isFirst) {
          await failing.promise
          throw gone
        }
        isFirst = false
        return Buffer.from('begin')
      },
      cancel: () => {},
    })
    const answer = transport.send(outgoing(upstream.port, { method: 'POST', body }))
    const failure = failureOf(answer)
    const server = await upstream.request('begin')
    failing.resolve()
    expect(await failure).toBe(gone)
    await server.toEnd()
    expect(server.text).not.toContain('\r\n0\r\n')
    transport.close()
  })
}

function cancelContract(make: MakeTransport): void {
  test('before the answer rejects with the reason and closes the connection', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const request = outgoing(upstream.port)
    const failure = failureOf(transport.send(request))
    const server = await upstream.request()
    request.exchange.cancel(gone)
    expect(await failure).toBe(gone)
    await server.toEnd()
    transport.close()
  })

  test('within the answer’s body fails that body with the reason and closes the connection', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const request = outgoing(upstream.port)
    const answer = transport.send(request)
    const server = await upstream.request()
    server.send(partOfBody)
    const { body } = await answer
    expect(Buffer.from((await body.read())!).toString()).toBe('hello')
    const failure = failureOf(body.read())
    request.exchange.cancel(gone)
    expect(await failure).toBe(gone)
    await server.toEnd()
    transport.close()
  })

  test('beforehand rejects with the reason, and no server sees a request', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello'])
    const request = outgoing(upstream.port, { method: 'POST', body })
    request.exchange.cancel(gone)
    expect(await failureOf(transport.send(request))).toBe(gone)
    expect(await ended).toBe(gone)
    transport.close()
    await upstream.allGone()
    expect(upstream.connections.map(({ text }) => text).join('')).toBe('')
  })
}

function lateCancelContract(make: MakeTransport): void {
  test('the answer’s body closes the connection', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const answer = transport.send(outgoing(upstream.port))
    const server = await upstream.request()
    server.send(partOfBody)
    const { body } = await answer
    body.cancel(gone)
    await server.toEnd()
    transport.close()
  })

  test('after the end changes nothing', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const request = outgoing(upstream.port)
    const answer = transport.send(request)
    const server = await upstream.request()
    server.send(okay)
    expect(await readText((await answer).body)).toBe('ok')
    request.exchange.cancel(gone)
    server.text = ''
    const next = transport.send(outgoing(upstream.port, { target: '/next' }))
    await server.expect('/next')
    server.send(okay)
    await readText((await next).body)
    transport.close()
  })
}

function connectionContract(make: MakeTransport): void {
  test('are kept for the next request, and closed with the transport', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    for (const target of ['/1', '/2', '/3']) {
      const answer = transport.send(outgoing(upstream.port, { target }))
      const server = upstream.connections[0] ?? (await upstream.accept())
      await server.take(target)
      server.send(okay)
      await readText((await answer).body)
    }
    expect(upstream.connections).toHaveLength(1)
    transport.close()
    await upstream.allGone()
  })

  test('of a closed transport finish what they carry', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    const answer = transport.send(outgoing(upstream.port))
    const server = await upstream.request()
    server.send(partOfBody)
    const { body } = await answer
    transport.close()
    server.send('x'.repeat(99_995))
    expect(await readText(body)).toHaveLength(100_000)
    await upstream.allGone()
  })

  test('of a closed transport are made for late requests and not kept', async () => {
    await using upstream = new WireUpstream()
    const transport = make(settings)
    transport.close()
    const answer = transport.send(outgoing(upstream.port))
    const server = await upstream.request()
    server.send(okay)
    expect(await readText((await answer).body)).toBe('ok')
    await upstream.allGone()
  })

  test('are kept only as many as are wanted for each server', async () => {
    await using first = new WireUpstream()
    await using second = new WireUpstream()
    const transport = make(settings)
    for (const upstream of [first, second]) {
      const answers = ['/1', '/2', '/3', '/4'].map((target) => transport.send(outgoing(upstream.port, { target })))
      const servers = await Promise.all(answers.map(() => upstream.request()))
      for (const server of servers) server.send(okay)
      for (const answer of answers) await readText((await answer).body)
      await upstream.atMost(2)
    }
    expect([first.openCount, second.openCount]).toEqual([2, 2])
    transport.close()
    await Promise.all([first.allGone(), second.allGone()])
  })
}
