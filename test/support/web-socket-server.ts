import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { within } from '../provider/within.ts'
import { npmWs, type NpmServerOptions, type NpmWebSocket } from './npm-ws.ts'
import type { TestCertificate } from './tls-authority.ts'
import { WebSocketPeer } from './web-socket-peer.ts'

export interface WebSocketServerPlan extends Omit<NpmServerOptions, 'server'> {
  readonly tls?: TestCertificate | undefined
  /** Sends every message back, as it came. */
  readonly echoes?: boolean
  /** Answers requests that are no handshakes; otherwise `plain` does. */
  readonly plain?: RequestListener
}

const answerPlainly: RequestListener = (_request, response) => void response.end('plain')

/** A WebSocket server by npm's `ws`, over the platform's own HTTP server. */
export class WebSocketServer implements AsyncDisposable {
  readonly peers: WebSocketPeer[] = []
  readonly url: string
  readonly #http: ReturnType<typeof createServer>
  #taken = 0
  #arrived = Promise.withResolvers<void>()

  private constructor(http: ReturnType<typeof createServer>, plan: WebSocketServerPlan) {
    const { tls, echoes = true, plain: _, ...options } = plan
    this.#http = http
    const { port } = http.address() as AddressInfo
    this.url = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`
    const server = new npmWs.WebSocketServer({ ...options, server: http })
    server.on('connection', (socket: NpmWebSocket, request: IncomingMessage) => {
      if (echoes) socket.on('message', (bytes: Buffer, binary: boolean) => socket.send(bytes, { binary }))
      this.peers.push(new WebSocketPeer(socket, request))
      this.#arrived.resolve()
      this.#arrived = Promise.withResolvers()
    })
  }

  static async start(plan: WebSocketServerPlan = {}): Promise<WebSocketServer> {
    const { tls, plain = answerPlainly } = plan
    const http = tls === undefined ? createServer(plain) : createTlsServer(tls, plain)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new WebSocketServer(http, plan)
  }

  /** From now on every handshake gets this answer instead. */
  refuseWith({
    status,
    fields,
    body,
  }: {
    status: number
    fields: Readonly<Record<string, string>>
    body: string
  }): void {
    this.#http.removeAllListeners('upgrade')
    const lines = Object.entries({ ...fields, 'Content-Length': String(body.length), Connection: 'close' })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    this.#http.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`))
  }

  /** The next socket that no call has given yet. */
  async accept(): Promise<WebSocketPeer> {
    const mine = this.#taken++
    while (this.peers.length <= mine) await within(this.#arrived.promise, 'a WebSocket at the server')
    return this.peers[mine]!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.peers) socket.terminate()
    this.#http.close()
    this.#http.closeAllConnections()
  }
}
