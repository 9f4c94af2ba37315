import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { bytesBody, emptyBody, type Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import type { OutgoingRequest, Transport } from '../../src/upstream/transport.ts'
import type { Http2TransportOptions } from '../../src/upstream/http2.ts'
import type { SocketTransportOptions } from '../../src/upstream/socket.ts'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import type { PeerServer } from '../support/peer-server.ts'
import { freePort } from '../support/ports.ts'
import { makeRequest, readText } from '../support/request.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const okay = { body: 'ok' }
/** Long enough not to be taken whole before the answer is handed on. */
const partOfBody = { body: 'hello', length: 100_000 }
const gone = new ProxyError('client.reset', 'the client is gone')

/** What the contract runs on: a transport, and a server that speaks with it. */
export interface ContractSubject {
  make(options: TransportSettings): Transport
  server(): PeerServer | Promise<PeerServer>
  /** Many exchanges at once on one connection: what ends one of them, ends its stream and leaves the connection. */
  readonly sharesConnections: boolean
}

export type TransportSettings = SocketTransportOptions & Http2TransportOptions

export const settings: TransportSettings = {
  limits: { maxHeadBytes: 65_536, maxTargetBytes: 8192, maxFields: 100 },
  maxIdleConnectionsPerHost: 2,
  dialTimeoutMs: 2000,
  responseHeaderTimeoutMs: 0,
  idleTimeoutMs: 5000,
  readIdleTimeoutMs: 0,
  pingTimeoutMs: 0,
  tls: { serverName: undefined, insecureSkipVerify: false, peerNames: undefined, options: {} },
}

type Place = Pick<PeerServer, 'port' | 'scheme'>

/** A request as `forward` would hand it on, to a server on loopback. */
export function outgoing({ port, scheme }: Place, parts: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const authority = `127.0.0.1:${port}`
  return {
    method: 'GET',
    target: '/',
    host: 'a.test',
    headers: ['User-Agent', 't', 'Accept', '*/*'],
    body: emptyBody,
    server: { scheme, host: '127.0.0.1', port, authority, origin: `${scheme}://${authority}` },
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
export function transportContract(name: string, subject: ContractSubject): void {
  describe(`${name}: an exchange`, () => exchangeContract(subject))
  describe(`${name}: an exchange`, () => earlyAnswerContract(subject))
  describe(`${name}: a failure`, () => failureContract(subject))
  describe(`${name}: the breaking off`, () => brokenBodyContract(subject))
  describe(`${name}: cancelling`, () => cancelContract(subject))
  describe(`${name}: cancelling`, () => lateCancelContract(subject))
  describe(`${name}: connections`, () => connectionContract(subject))
}

function allGone(server: PeerServer): Promise<void> {
  return eventually(() => server.openCount === 0, 'the end of every connection')
}

function exchangeContract({ make, server }: ContractSubject): void {
  test('gives status, fields and body', async () => {
    await using peer = await server()
    const transport = make(settings)
    const answer = transport.send(outgoing(peer, { target: '/a?b' }))
    const exchange = await peer.request()
    expect([exchange.method, exchange.target]).toEqual(['GET', '/a?b'])
    const fields = [
      ['X-A', '1'],
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
    ] as const
    exchange.answer({ status: 299, fields, body: 'hello' })
    const { status, headers, body } = await answer
    expect(status).toBe(299)
    expect(headers).toEqual(expect.arrayContaining(['X-A', '1', 'Set-Cookie', 'a', 'b']))
    expect(body.length).toBe(5)
    expect(await readText(body)).toBe('hello')
    transport.close()
    await allGone(peer)
  })

  test.each([
    ['of known length', 10],
    ['of unknown length', undefined],
  ])('sends a body %s to its end', async (_, length) => {
    await using peer = await server()
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello', 'world'], length)
    const answer = transport.send(outgoing(peer, { method: 'POST', body }))
    const exchange = await peer.request('helloworld')
    await eventually(() => exchange.isWhole, 'the end of the request')
    expect(exchange.field('content-length')).toBe(length?.toString())
    expect(await ended).toBe('read')
    exchange.answer(okay)
    expect(await readText((await answer).body)).toBe('ok')
    transport.close()
  })

  test('sends a body that is in memory', async () => {
    await using peer = await server()
    const transport = make(settings)
    const body = bytesBody(Buffer.from('hello'))
    const answer = transport.send(outgoing(peer, { method: 'PUT', body }))
    const exchange = await peer.request('hello')
    expect(exchange.field('content-length')).toBe('5')
    exchange.answer(okay)
    await readText((await answer).body)
    transport.close()
  })
}

function earlyAnswerContract({ make, server }: ContractSubject): void {
  test('takes an answer before the whole request, and lets the rest go', async () => {
    await using peer = await server()
    const transport = make(settings)
    const { body, ended } = watchedBody(['begin', 'stands still'])
    const answer = transport.send(outgoing(peer, { method: 'POST', body }))
    const exchange = await peer.request('begin')
    exchange.answer({ status: 413, body: 'no' })
    const response = await answer
    expect(response.status).toBe(413)
    expect(await readText(response.body)).toBe('no')
    expect(await ended).toBeInstanceOf(ProxyError)
    await exchange.abandoned()
    transport.close()
  })
}

function failureContract({ make, server }: ContractSubject): void {
  test('to connect is told as upstream.refused, with the body let go', async () => {
    await using peer = await server()
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello'])
    const place = { scheme: peer.scheme, port: await freePort() }
    const answer = transport.send(outgoing(place, { method: 'POST', body }))
    expect(await failureOf(answer)).toMatchObject({ name: 'ProxyError', code: 'upstream.refused' })
    expect(await ended).toMatchObject({ code: 'upstream.refused' })
    transport.close()
  })

  test('to answer is told with the body let go', async () => {
    await using peer = await server()
    const transport = make(settings)
    const { body, ended } = watchedBody(['begin', 'stands still'])
    const failure = failureOf(transport.send(outgoing(peer, { method: 'POST', body })))
    const exchange = await peer.request('begin')
    exchange.breakOff()
    expect(await failure).toMatchObject({ name: 'ProxyError', code: 'upstream.reset' })
    expect(await ended).toBeInstanceOf(ProxyError)
    transport.close()
  })

  test('to speak HTTP is told with the body let go', async () => {
    await using peer = await server()
    await using ssh = new WireUpstream((connection) => {
      void connection.expect(({ length }) => length > 0).then(() => connection.send('SSH-2.0-OpenSSH\r\n'))
    })
    const transport = make(settings)
    const { body, ended } = watchedBody(['begin', 'stands still'])
    const answer = transport.send(outgoing({ scheme: peer.scheme, port: ssh.port }, { method: 'POST', body }))
    expect(await failureOf(answer)).toMatchObject({ name: 'ProxyError', code: 'upstream.malformed' })
    expect(await ended).toBeInstanceOf(ProxyError)
    transport.close()
  })

  test('to answer in time is told, and the exchange given up', async () => {
    await using peer = await server()
    const transport = make({ ...settings, responseHeaderTimeoutMs: 60 })
    const failure = failureOf(transport.send(outgoing(peer)))
    const exchange = await peer.request()
    expect(await failure).toMatchObject({ code: 'upstream.responseTimeout' })
    await exchange.abandoned()
    transport.close()
    await allGone(peer)
  })
}

function brokenBodyContract({ make, server }: ContractSubject): void {
  test('of the response’s body is told by that body', async () => {
    await using peer = await server()
    const transport = make(settings)
    const answer = transport.send(outgoing(peer))
    const exchange = await peer.request()
    exchange.answer(partOfBody)
    const { body } = await answer
    expect(Buffer.from((await body.read())!).toString()).toBe('hello')
    const failure = failureOf(body.read())
    exchange.breakOff()
    expect(await failure).toMatchObject({ code: 'upstream.truncated' })
    transport.close()
  })

  test('of the request’s body reaches the server as an abort', async () => {
    await using peer = await server()
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
    const failure = failureOf(transport.send(outgoing(peer, { method: 'POST', body })))
    const exchange = await peer.request()
    // The first piece may wait until it is known whether it is the last.
    failing.resolve()
    expect(await failure).toBe(gone)
    await exchange.abandoned()
    expect(exchange.isWhole).toBe(false)
    transport.close()
  })
}

function cancelContract({ make, server, sharesConnections }: ContractSubject): void {
  test('before the answer rejects with the reason and gives the exchange up', async () => {
    await using peer = await server()
    const transport = make(settings)
    const request = outgoing(peer)
    const failure = failureOf(transport.send(request))
    const exchange = await peer.request()
    request.exchange.cancel(gone)
    expect(await failure).toBe(gone)
    await exchange.abandoned()
    expect(peer.openCount).toBe(sharesConnections ? 1 : 0)
    transport.close()
  })

  test('within the answer’s body fails that body with the reason and gives the exchange up', async () => {
    await using peer = await server()
    const transport = make(settings)
    const request = outgoing(peer)
    const answer = transport.send(request)
    const exchange = await peer.request()
    exchange.answer(partOfBody)
    const { body } = await answer
    expect(Buffer.from((await body.read())!).toString()).toBe('hello')
    const failure = failureOf(body.read())
    request.exchange.cancel(gone)
    expect(await failure).toBe(gone)
    await exchange.abandoned()
    transport.close()
  })

  test('beforehand rejects with the reason, and no server sees a request', async () => {
    await using peer = await server()
    const transport = make(settings)
    const { body, ended } = watchedBody(['hello'])
    const request = outgoing(peer, { method: 'POST', body })
    request.exchange.cancel(gone)
    expect(await failureOf(transport.send(request))).toBe(gone)
    expect(await ended).toBe(gone)
    transport.close()
    await allGone(peer)
    expect(peer.requestCount).toBe(0)
  })
}

function lateCancelContract({ make, server }: ContractSubject): void {
  test('the answer’s body gives the exchange up', async () => {
    await using peer = await server()
    const transport = make(settings)
    const answer = transport.send(outgoing(peer))
    const exchange = await peer.request()
    exchange.answer(partOfBody)
    const { body } = await answer
    body.cancel(gone)
    await exchange.abandoned()
    transport.close()
  })

  test('after the end changes nothing', async () => {
    await using peer = await server()
    const transport = make(settings)
    const request = outgoing(peer)
    const answer = transport.send(request)
    ;(await peer.request()).answer(okay)
    expect(await readText((await answer).body)).toBe('ok')
    request.exchange.cancel(gone)
    const next = transport.send(outgoing(peer, { target: '/next' }))
    const exchange = await peer.request()
    expect(exchange.target).toBe('/next')
    exchange.answer(okay)
    await readText((await next).body)
    expect(peer.connectionCount).toBe(1)
    transport.close()
  })
}

function connectionContract({ make, server, sharesConnections }: ContractSubject): void {
  test('are kept for the next request, and closed with the transport', async () => {
    await using peer = await server()
    const transport = make(settings)
    for (const target of ['/1', '/2', '/3']) {
      const answer = transport.send(outgoing(peer, { target }))
      ;(await peer.request()).answer(okay)
      await readText((await answer).body)
    }
    expect(peer.connectionCount).toBe(1)
    transport.close()
    await allGone(peer)
  })

  test('of a closed transport finish what they carry', async () => {
    await using peer = await server()
    const transport = make(settings)
    const answer = transport.send(outgoing(peer))
    const exchange = await peer.request()
    exchange.answer(partOfBody)
    const { body } = await answer
    transport.close()
    exchange.finish('x'.repeat(99_995))
    expect(await readText(body)).toHaveLength(100_000)
    await allGone(peer)
  })

  test('of a closed transport are made for late requests and not kept', async () => {
    await using peer = await server()
    const transport = make(settings)
    transport.close()
    const answer = transport.send(outgoing(peer))
    ;(await peer.request()).answer(okay)
    expect(await readText((await answer).body)).toBe('ok')
    await allGone(peer)
  })

  test('are kept only as many as are wanted for each server', async () => {
    await using first = await server()
    await using second = await server()
    const transport = make(settings)
    const kept = sharesConnections ? 1 : 2
    for (const peer of [first, second]) {
      const answers = ['/1', '/2', '/3', '/4'].map((target) => transport.send(outgoing(peer, { target })))
      for (const _ of answers) (await peer.request()).answer(okay)
      for (const answer of answers) await readText((await answer).body)
      await eventually(() => peer.openCount === kept, 'the end of the others')
    }
    expect([first.openCount, second.openCount]).toEqual([kept, kept])
    transport.close()
    await Promise.all([allGone(first), allGone(second)])
  })
}
