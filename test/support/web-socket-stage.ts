import type { IncomingMessage } from 'node:http'
import { within } from '../provider/within.ts'
import { npmWs, type NpmClientOptions } from './npm-ws.ts'
import { WireProxy, type ProxyOptions } from './proxy.ts'
import { TlsAuthority, type TestCertificate } from './tls-authority.ts'
import { WebSocketPeer } from './web-socket-peer.ts'
import { WebSocketServer, type WebSocketServerPlan } from './web-socket-server.ts'

/** Where TLS is spoken. */
export type TlsSides = 'no TLS' | 'TLS from the client' | 'TLS to the server' | 'TLS on both sides'
export const tlsSides: readonly TlsSides[] = ['no TLS', 'TLS from the client', 'TLS to the server', 'TLS on both sides']

export interface StagePlan extends Omit<ProxyOptions, 'servers'> {
  readonly tls?: TlsSides
  readonly server?: Omit<WebSocketServerPlan, 'tls'>
}

export interface OpenOptions extends NpmClientOptions {
  readonly path?: string
  readonly protocols?: readonly string[]
}

/** A WebSocket server, a proxy in front of it, and clients that npm's `ws` makes. */
export class WebSocketStage implements AsyncDisposable {
  readonly proxy: WireProxy
  readonly server: WebSocketServer
  readonly #origin: string
  readonly #clients: WebSocketPeer[] = []

  private constructor(proxy: WireProxy, server: WebSocketServer, isSecure: boolean) {
    this.proxy = proxy
    this.server = server
    this.#origin = `${isSecure ? 'wss' : 'ws'}://127.0.0.1:${proxy.port}`
  }

  static async start({
    tls = 'no TLS',
    server: plan = {},
    flags = [],
    ...rest
  }: StagePlan = {}): Promise<WebSocketStage> {
    const toServer = tls === 'TLS to the server' || tls === 'TLS on both sides'
    const fromClient = tls === 'TLS from the client' || tls === 'TLS on both sides'
    const server = await WebSocketServer.start({ ...plan, tls: toServer ? await certificate() : undefined })
    const secure = fromClient ? ['entryPoints.web.http.tls=true'] : []
    const trusting = toServer ? ['serversTransport.insecureSkipVerify=true'] : []
    const options = { ...rest, servers: [server.url], flags: [...flags, ...secure, ...trusting] }
    return new WebSocketStage(await WireProxy.start(options), server, fromClient)
  }

  /** Both ends of a new WebSocket. */
  async open(options: OpenOptions = {}): Promise<{ readonly client: WebSocketPeer; readonly server: WebSocketPeer }> {
    const [client, server] = await Promise.all([this.connect(options), this.server.accept()])
    return { client, server }
  }

  /** A WebSocket to whichever server gets it. Rejects when it is refused. */
  async connect(options: OpenOptions = {}): Promise<WebSocketPeer> {
    const client = await openWebSocket(this.#origin, options)
    this.#clients.push(client)
    return client
  }

  /** The answer to a handshake that is refused, with its body. */
  async refused({ path = '/', protocols = [], ...options }: OpenOptions = {}): Promise<Refusal> {
    const socket = new npmWs.WebSocket(this.#origin + path, protocols, { rejectUnauthorized: false, ...options })
    const answer = await within(
      new Promise<IncomingMessage>((resolve, reject) => {
        socket.on('unexpected-response', (_request, response: IncomingMessage) => resolve(response))
        socket.on('open', () => reject(new Error('the handshake was not refused')))
        socket.on('error', reject)
      }),
      'an answer',
    )
    const body = (await answer.toArray()).join('')
    socket.on('error', () => {})
    socket.terminate()
    return { status: answer.statusCode ?? 0, headers: answer.headers, body }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate()
    try {
      await this.proxy[Symbol.asyncDispose]()
    } finally {
      await this.server[Symbol.asyncDispose]()
    }
  }
}

export interface Refusal {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function openWebSocket(origin: string, options: OpenOptions): Promise<WebSocketPeer> {
  const { path = '/', protocols = [], ...rest } = options
  const socket = new npmWs.WebSocket(origin + path, protocols, { rejectUnauthorized: false, ...rest })
  const peer = new Promise<WebSocketPeer>((resolve, reject) => {
    socket.on('upgrade', (response: IncomingMessage) => resolve(new WebSocketPeer(socket, response)))
    socket.on('error', reject)
  })
  const opened = new Promise<void>((resolve) => socket.on('open', resolve))
  return within(Promise.all([peer, opened]), 'the opening of a WebSocket').then(([client]) => client)
}

let issued: Promise<TestCertificate> | undefined

function certificate(): Promise<TestCertificate> {
  issued ??= TlsAuthority.create('WebSocket tests').then((authority) =>
    authority.issue({ names: [{ type: 'dns', value: 'localhost' }] }),
  )
  return issued
}
