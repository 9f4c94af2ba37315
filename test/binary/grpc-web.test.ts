import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { echo, startGrpcServer, type GrpcServer } from '../support/grpc-peers.ts'
import { buildExecutable, startProxy, type Proxy } from './proxy.ts'

beforeAll(buildExecutable, 120_000)

let server: GrpcServer
let proxy: Proxy

beforeAll(async () => {
  server = await startGrpcServer()
  const dynamic = {
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'grpc', middlewares: ['web'] } },
      middlewares: { web: { grpcWeb: { allowOrigins: ['https://app.test'] } } },
      services: { grpc: { loadBalancer: { servers: [{ url: `h2c://127.0.0.1:${server.port}` }] } } },
    },
  }
  proxy = await startProxy({ dynamic })
})

afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

interface Answer {
  readonly http: Response
  readonly messages: string[]
  readonly trailers: string
}

/** What a browser's library does: frames of five octets and a message, by fetch, as octets or as base64. */
async function call(path: string, message: string, type: string): Promise<Answer> {
  const isText = type.includes('-text')
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  const sent = Buffer.concat([head, Buffer.from(message)])
  const http = await fetch(`http://127.0.0.1:${proxy.port()}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': type, 'X-Grpc-Web': '1', Origin: 'https://app.test' },
    body: isText ? sent.toString('base64') : sent,
  })
  const received = isText ? fromBase64Runs(await http.text()) : Buffer.from(await http.arrayBuffer())
  return { http, ...readFrames(received) }
}

/** Each piece is encoded by itself, so that padding may stand in the middle. */
function fromBase64Runs(text: string): Buffer {
  const runs = text.match(/[^=]+=*/g) ?? []
  return Buffer.concat(runs.map((run) => Buffer.from(run, 'base64')))
}

function readFrames(bytes: Buffer): Pick<Answer, 'messages' | 'trailers'> {
  const messages: string[] = []
  let trailers = ''
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1)
    const payload = bytes.toString('utf8', at + 5, end)
    if (bytes[at] === 0x80) trailers += payload
    else messages.push(payload)
    at = end
  }
  return { messages, trailers }
}

describe.each(['application/grpc-web+proto', 'application/grpc-web-text+proto'])('gRPC-Web as %s', (type) => {
  test('carries a unary call', async () => {
    const { http, messages, trailers } = await call(echo.unary.path, 'hello', type)
    expect([http.status, http.headers.get('content-type'), messages]).toEqual([200, type, ['hello']])
    expect(trailers).toContain('grpc-status: 0')
    expect(http.headers.get('access-control-allow-origin')).toBe('https://app.test')
  })

  test('carries a stream from the server', async () => {
    const { messages, trailers } = await call(echo.repeat.path, 'n', type)
    expect(messages).toEqual(['n0', 'n1', 'n2'])
    expect(trailers).toContain('grpc-status: 0')
  })

  test('tells of a call that failed', async () => {
    const { http, messages, trailers } = await call(echo.unary.path, 'fail', type)
    const told = `${trailers}grpc-status: ${http.headers.get('grpc-status')}`
    expect([http.status, messages]).toEqual([200, []])
    expect(told).toContain(`grpc-status: ${status.FAILED_PRECONDITION}`)
  })
})
