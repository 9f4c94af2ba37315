import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { eventually } from './eventually.ts'
import { PeerQueue, type PeerAnswer, type PeerExchange, type PeerServer } from './peer-server.ts'

/** An HTTP/2 server of the platform, scripted exchange by exchange. */
export async function http2PeerServer(): Promise<PeerServer> {
  const queue = new PeerQueue()
  const open = new Set<Socket>()
  let connectionCount = 0
  const server = createServer()
  server.on('connection', (socket: Socket) => {
    connectionCount += 1
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const breakOff = () => open.forEach((socket) => socket.destroy())
    queue.add(new Http2Exchange(stream, headers, breakOff))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    scheme: 'h2c',
    port: (server.address() as AddressInfo).port,
    get requestCount() {
      return queue.count
    },
    get openCount() {
      return open.size
    },
    get connectionCount() {
      return connectionCount
    },
    request: (begin) => queue.next(begin),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

class Http2Exchange implements PeerExchange {
  readonly breakOff: () => void
  body = ''
  isWhole = false
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  #isReset = false

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, breakOff: () => void) {
    this.breakOff = breakOff
    this.#stream = stream
    this.#headers = headers
    stream.on('error', () => {})
    stream.on('data', (piece: Buffer) => (this.body += piece.toString()))
    stream.on('end', () => (this.isWhole = !stream.aborted))
    stream.on('aborted', () => (this.#isReset = true))
    stream.on('close', () => (this.#isReset ||= (stream.rstCode ?? 0) !== 0))
  }

  get method(): string {
    return String(this.#headers[':method'])
  }

  get target(): string {
    return String(this.#headers[':path'])
  }

  field(lower: string): string | undefined {
    const value = this.#headers[lower]
    return value === undefined ? undefined : String(value)
  }

  answer({ status = 200, fields = [], body, length = body.length }: PeerAnswer): void {
    const gathered: Record<string, string[]> = {}
    for (const [name, value] of fields) (gathered[name.toLowerCase()] ??= []).push(value)
    this.#stream.respond({ ...gathered, ':status': status, 'content-length': String(length) })
    if (length === body.length) this.#stream.end(body)
    else this.#stream.write(body)
  }

  finish(rest: string): void {
    this.#stream.end(rest)
  }

  async abandoned(): Promise<void> {
    await eventually(() => this.#isReset, 'the reset of the stream')
  }
}
