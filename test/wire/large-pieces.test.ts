import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { plainFields, ways, WireProxy } from '../support/proxy.ts'

/** More than the buffers of the sockets on the way can hold. */
const size = 10 * 1024 * 1024 + 17

/** No stretch of it comes twice, so that a lost, doubled or overwritten piece shows. */
const pattern = Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, at) => at).buffer).subarray(0, size)

/** How long a reader stands still before it begins, so that the sender's bytes wait everywhere on the way. */
const stillMs = 100

async function readLate(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = []
  await pause(stillMs)
  for await (const piece of socket) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

function bodyOf(message: Buffer): Buffer {
  return message.subarray(message.indexOf('\r\n\r\n') + 4)
}

function unchunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (length === 0) return Buffer.concat(pieces)
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length))
    at = lineEnd + 2 + length + 2
  }
}

function chunked(bytes: Buffer, chunkLength: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkLength) {
    const piece = bytes.subarray(at, at + chunkLength)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}

/** A server that handles each connection by `serve`. */
async function server(serve: (socket: Socket) => void) {
  const listener = createServer({ allowHalfOpen: true }, serve).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => listener.close(),
  }
}

async function connect(port: number): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

const responses = [
  ['its length', `Content-Length: ${size}\r\n\r\n`, pattern],
  ['small chunks', 'Transfer-Encoding: chunked\r\n\r\n', chunked(pattern, 5000)],
  ['large chunks', 'Transfer-Encoding: chunked\r\n\r\n', chunked(pattern, 200_000)],
  ['its connection', 'Connection: close\r\n\r\n', pattern],
] as const

describe.each(ways)('a large body over %s', (way) => {
  test.each(responses)(
    'that ends with %s comes down byte for byte past a reader that is late',
    async (_, fields, body) => {
      using upstream = await server((socket) => {
        socket.once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n${fields}`)
          socket.end(body)
        })
      })
      await using proxy = await WireProxy.start({ servers: [upstream.url], way })
      const client = await connect(proxy.port)
      client.write(`GET / HTTP/1.1\r\n${plainFields}Connection: close\r\n\r\n`)
      const answer = await readLate(client)
      client.end()
      const isChunked = /transfer-encoding: chunked/i.test(answer.toString('latin1', 0, 1000))
      const got = isChunked ? unchunked(bodyOf(answer)) : bodyOf(answer)
      expect(got.length).toBe(size)
      expect(got.equals(pattern)).toBe(true)
    },
  )

  test.each([
    ['its length', `Content-Length: ${size}\r\n\r\n`, pattern],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n', chunked(pattern, 70_000)],
  ] as const)(
    'that ends with %s goes up byte for byte to a server that is late to read, and to a mirror',
    async (_, fields, body) => {
      using main = await lateServer()
      using mirror = await lateServer()
      await using proxy = await WireProxy.start({ way, dynamic: mirrored(main.url, mirror.url) })
      const client = await connect(proxy.port)
      client.write(`POST / HTTP/1.1\r\n${plainFields}Connection: close\r\n${fields}`)
      client.write(body)
      expect((await readLate(client)).toString()).toEndWith('\r\n\r\nok')
      client.end()
      for (const { request } of [main, mirror]) {
        const got = await within(request, 'the whole request')
        const isChunked = /transfer-encoding: chunked/i.test(got.toString('latin1', 0, 1000))
        expect((isChunked ? unchunked(bodyOf(got)) : bodyOf(got)).equals(pattern)).toBe(true)
      }
    },
  )
})

/** Answers one request, which it is late to read. */
async function lateServer() {
  const { promise: request, resolve } = Promise.withResolvers<Buffer>()
  const listening = await server(async (socket) => {
    const pieces: Buffer[] = []
    let count = 0
    await pause(stillMs)
    for await (const piece of socket) {
      pieces.push(piece as Buffer)
      count += (piece as Buffer).length
      if (count < size || !isWhole(Buffer.concat(pieces))) continue
      resolve(Buffer.concat(pieces))
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    }
  })
  return { ...listening, request }
}

function isWhole(request: Buffer): boolean {
  const body = bodyOf(request)
  return body.length === size || body.subarray(-5).toString() === '0\r\n\r\n'
}

function mirrored(main: string, mirror: string): string {
  return `
http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: both }
  services:
    both: { mirroring: { service: main, mirrors: [{ name: copy, percent: 100 }] } }
    main: { loadBalancer: { servers: [{ url: "${main}" }] } }
    copy: { loadBalancer: { servers: [{ url: "${mirror}" }] } }
`
}
