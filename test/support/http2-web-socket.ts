import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { within } from '../provider/within.ts'
import { npmWs } from './npm-ws.ts'
import { WebSocketPeer } from './web-socket-peer.ts'

export interface ConnectOptions {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly stream: ClientHttp2Stream
}

/** A client that speaks HTTP/2 and opens WebSockets on it (RFC 8441). */
export class Http2WebSocketClient implements Disposable {
  readonly session: ClientHttp2Session
  readonly #origin: URL

  private constructor(session: ClientHttp2Session, origin: URL) {
    this.session = session
    this.#origin = origin
  }

  /** Resolves when the proxy's SETTINGS have come: before them nobody may ask for a WebSocket. */
  static async connect(port: number, isSecure = false): Promise<Http2WebSocketClient> {
    const origin = new URL(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`)
    const session = connect(origin, { rejectUnauthorized: false })
    session.on('error', () => {})
    await within(new Promise((resolve) => session.once('remoteSettings', resolve)), 'the SETTINGS')
    return new Http2WebSocketClient(session, origin)
  }

  /** An extended CONNECT and what is said to it. */
  async ask({ path = '/', headers = {} }: ConnectOptions = {}): Promise<Answer> {
    const stream = this.session.request(
      {
        ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': this.#origin.protocol.slice(0, -1) },
        ...{ ':path': path, ':authority': this.#origin.host, 'sec-websocket-version': '13', ...headers },
      },
      { endStream: false },
    )
    const answered = new Promise<Answer>((resolve, reject) => {
      stream.on('response', (got) => resolve({ status: Number(got[':status']), headers: got, stream }))
      stream.on('error', reject)
    })
    return within(answered, 'an answer to CONNECT')
  }

  /** A WebSocket whose frames are npm's `ws`, on a stream of this connection. */
  async open(options: ConnectOptions = {}): Promise<WebSocketPeer> {
    const { status, headers, stream } = await this.ask(options)
    if (status !== 200) throw new Error(`refused with ${status}`)
    const socket = new npmWs.WebSocket(null, undefined, { closeTimeout: 5000 })
    // So it masks what it sends.
    socket._isServer = false
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 32 * 1024 * 1024, allowSynchronousEvents: true })
    return new WebSocketPeer(socket, { headers, socket: stream })
  }

  [Symbol.dispose](): void {
    this.session.destroy()
  }
}
