import { status, type ServiceError } from '@grpc/grpc-js'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { echo, grpcClient, startGrpcServer, type GrpcClient } from '../support/grpc-peers.ts'
import { WireProxy } from '../support/proxy.ts'
import { temporaryFolder } from '../support/temporary.ts'

const asIs = (bytes: Buffer): Buffer => bytes

function unary({ raw }: GrpcClient, path: string, message: string, deadlineMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs }
    raw.makeUnaryRequest(path, asIs, asIs, Buffer.from(message), options, (error, answer) =>
      error === null ? resolve(String(answer)) : reject(error),
    )
  })
}

async function failure(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => Promise.reject(new Error('the call did not fail')),
    (error: ServiceError) => error,
  )
}

const middleware = 'headers: { customRequestHeaders: { X-Through: proxy } }'

function dynamic(server: string, certificateFile = ''): string {
  return `
http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: target, middlewares: [mark] } }
  middlewares: { mark: { ${middleware} } }
  services: { target: { loadBalancer: { servers: [{ url: "${server}" }], serversTransport: trusting } } }
  serversTransports: { trusting: { rootCAs: [${certificateFile}], forwardingTimeouts: { responseHeaderTimeout: 30s } } }
`
}

describe.each(['h2c', 'TLS'] as const)('gRPC over %s on both sides', (wire) => {
  async function start() {
    const folder = await temporaryFolder()
    const certificate = wire === 'TLS' ? await makeCertificate(folder.path, 'localhost', '127.0.0.1') : undefined
    const server = await startGrpcServer(certificate)
    const url = wire === 'TLS' ? `https://localhost:${server.port}` : `h2c://127.0.0.1:${server.port}`
    const stores = certificate
      ? `tls: { stores: { default: { defaultCertificate: { certFile: ${certificate.certFile}, keyFile: ${certificate.keyFile} } } } }\n`
      : ''
    const proxy = await WireProxy.start({
      dynamic: dynamic(url, certificate?.certFile) + stores,
      flags: wire === 'TLS' ? ['entryPoints.web.http.tls=true'] : [],
    })
    const client = grpcClient(proxy.port, certificate?.cert)
    return {
      server,
      proxy,
      client,
      [Symbol.asyncDispose]: async () => {
        client[Symbol.dispose]()
        await proxy[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
        await folder[Symbol.asyncDispose]()
      },
    }
  }

  test('carries a unary call', async () => {
    await using peers = await start()
    expect(await unary(peers.client, echo.unary.path, 'hello')).toBe('hello')
    const exchange = await peers.proxy.finished(1)
    expect(exchange.request?.version).toBe('2')
    expect(exchange.response?.headers).toContain('Content-Type')
  })

  test('carries a message of 1 MiB both ways', async () => {
    await using peers = await start()
    const message = 'x'.repeat(1024 * 1024)
    expect(await unary(peers.client, echo.unary.path, message)).toBe(message)
  })

  test('carries the status of a call that failed, which has no body', async () => {
    await using peers = await start()
    const error = await failure(unary(peers.client, echo.unary.path, 'fail'))
    expect([error.code, error.details]).toEqual([status.FAILED_PRECONDITION, 'not today, 100 %'])
  })

  test('carries a stream from the client', async () => {
    await using peers = await start()
    const answer = Promise.withResolvers<string>()
    const call = peers.client.raw.makeClientStreamRequest(echo.collect.path, asIs, asIs, (error, message) =>
      error === null ? answer.resolve(String(message)) : answer.reject(error),
    )
    for (const piece of ['a', 'b', 'c']) call.write(Buffer.from(piece))
    call.end()
    expect(await within(answer.promise, 'the answer')).toBe('abc')
  })

  test('carries a stream from the server', async () => {
    await using peers = await start()
    const pieces: string[] = []
    for await (const piece of peers.client.raw.makeServerStreamRequest(echo.repeat.path, asIs, asIs, Buffer.from('n')))
      pieces.push(String(piece))
    expect(pieces).toEqual(['n0', 'n1', 'n2'])
  })

  test('carries both streams at once, each message as it comes', async () => {
    await using peers = await start()
    const call = peers.client.raw.makeBidiStreamRequest(echo.chat.path, asIs, asIs)
    const answers: string[] = []
    const ended = Promise.withResolvers<void>()
    call.on('data', (answer: Buffer) => answers.push(String(answer)))
    call.on('end', () => ended.resolve())
    for (const [index, piece] of ['one', 'two', 'three'].entries()) {
      call.write(Buffer.from(piece))
      await eventually(() => answers.length === index + 1, `the answer to ${piece}`)
    }
    call.end()
    await within(ended.promise, 'the end')
    expect(answers).toEqual(['ONE', 'TWO', 'THREE'])
  })

  test('tells the server of a call that is cancelled', async () => {
    await using peers = await start()
    const call = peers.client.raw.makeUnaryRequest(echo.never.path, asIs, asIs, Buffer.from('x'), () => {})
    await eventually(() => peers.server.waiting === 1, 'the call at the server')
    call.cancel()
    await eventually(() => peers.server.cancelled === 1, 'the cancelling')
    expect((await peers.proxy.finished(1)).outcome?.kind).toBe('aborted')
  })

  test('ends a call at its deadline, for the server too', async () => {
    await using peers = await start()
    const error = await failure(unary(peers.client, echo.never.path, 'x', 100))
    expect(error.code).toBe(status.DEADLINE_EXCEEDED)
    await eventually(() => peers.server.cancelled === 1, 'the cancelling')
  })
})

describe('A failure of the proxy is told as a gRPC status:', () => {
  test.each([
    ['no server', '', status.UNAVAILABLE, 'Service Unavailable'],
    ['a server that is away', 'http://127.0.0.1:1', status.UNAVAILABLE, 'Bad Gateway'],
    ['an HTTP/2 server that is away', 'h2c://127.0.0.1:1', status.UNAVAILABLE, 'Bad Gateway'],
  ])('%s', async (_, server, code, details) => {
    await using proxy = await WireProxy.start({ servers: server === '' ? [] : [server] })
    using client = grpcClient(proxy.port)
    const error = await failure(unary(client, echo.unary.path, 'x'))
    expect([error.code, error.details]).toEqual([code, details])
  })

  test('no router', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using client = grpcClient(proxy.port)
    expect((await failure(unary(client, echo.unary.path, 'x'))).code).toBe(status.UNIMPLEMENTED)
  })

  test('a server that takes too long', async () => {
    await using server = await startGrpcServer()
    const slow = dynamic(`h2c://127.0.0.1:${server.port}`).replace('30s', '100ms')
    await using proxy = await WireProxy.start({ dynamic: slow })
    using client = grpcClient(proxy.port)
    expect((await failure(unary(client, echo.never.path, 'x'))).code).toBe(status.DEADLINE_EXCEEDED)
  })
})
