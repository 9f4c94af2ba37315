import { eventually } from './eventually.ts'
import { WireUpstream } from './wire-upstream.ts'
import type { WirePeer } from './wire-peer.ts'

export interface PeerAnswer {
  readonly status?: number
  readonly fields?: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** What the head says, when that is not the body's own length. */
  readonly length?: number
}

/** A server that is scripted exchange by exchange, whatever it speaks. */
export interface PeerServer extends AsyncDisposable {
  readonly scheme: 'http' | 'h2c'
  readonly port: number
  /** Requests so far. */
  readonly requestCount: number
  /** Connections that are open, and those that have ever been. */
  readonly openCount: number
  readonly connectionCount: number
  /** The next request that no call has given yet, with so much of its body. */
  request(begin?: string): Promise<PeerExchange>
}

export interface PeerExchange {
  readonly method: string
  readonly target: string
  /** What has come of the body. */
  readonly body: string
  /** The end of the request has come. */
  readonly isWhole: boolean
  field(lower: string): string | undefined
  /** The whole answer; with a `length` that is greater than the body, its beginning. */
  answer(answer: PeerAnswer): void
  /** More of an answer that has begun, and is whole with this. */
  finish(rest: string): void
  /** Ends the connection in the middle. */
  breakOff(): void
  /** The client has given this exchange up: its connection is closed, or its stream reset. */
  abandoned(): Promise<void>
}

/** The queue behind `request`. */
export class PeerQueue {
  readonly #arrived: PeerExchange[] = []
  #given = 0

  get count(): number {
    return this.#arrived.length
  }

  add(exchange: PeerExchange): void {
    this.#arrived.push(exchange)
  }

  async next(begin = ''): Promise<PeerExchange> {
    const mine = this.#given++
    await eventually(() => this.#arrived[mine]?.body.startsWith(begin) === true, `a request with ${begin}`)
    return this.#arrived[mine]!
  }
}

export function http1PeerServer(): PeerServer {
  const queue = new PeerQueue()
  const upstream = new WireUpstream((peer) => void serve(peer, queue).catch(() => peer.close()))
  return {
    scheme: 'http',
    port: upstream.port,
    get requestCount() {
      return queue.count
    },
    get openCount() {
      return upstream.openCount
    },
    get connectionCount() {
      return upstream.connections.length
    },
    request: (begin) => queue.next(begin),
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}

async function serve(peer: WirePeer, queue: PeerQueue): Promise<void> {
  while (true) {
    await eventually(() => peer.text.includes('\r\n\r\n') || peer.hasEnded || peer.isGone, 'a head', 60_000)
    if (peer.hasEnded || peer.isGone) return
    const exchange = new Http1Exchange(peer)
    queue.add(exchange)
    await exchange.answered
    peer.text = ''
  }
}

class Http1Exchange implements PeerExchange {
  readonly method: string
  readonly target: string
  readonly answered: Promise<void>
  readonly #peer: WirePeer
  readonly #head: string
  readonly #resolve: () => void

  constructor(peer: WirePeer) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.answered = promise
    this.#resolve = resolve
    this.#peer = peer
    this.#head = peer.text.slice(0, peer.text.indexOf('\r\n\r\n') + 2)
    const [method = '', target = ''] = this.#head.split(' ')
    this.method = method
    this.target = target
  }

  get body(): string {
    const rest = this.#peer.text.slice(this.#head.length + 2)
    return this.#isChunked ? rest.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n$/, '') : rest
  }

  get isWhole(): boolean {
    if (this.#isChunked) return this.#peer.text.endsWith('\r\n0\r\n\r\n')
    return this.body.length >= Number(this.field('content-length') ?? 0)
  }

  get #isChunked(): boolean {
    return this.field('transfer-encoding') === 'chunked'
  }

  field(lower: string): string | undefined {
    return new RegExp(`\r\n${lower}: (.*)\r\n`, 'i').exec(this.#head)?.[1]
  }

  answer({ status = 200, fields = [], body, length = body.length }: PeerAnswer): void {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    this.#peer.send(`HTTP/1.1 ${status} Any\r\n${lines}Content-Length: ${length}\r\n\r\n${body}`)
    if (length === body.length) this.#resolve()
  }

  finish(rest: string): void {
    this.#peer.send(rest)
    this.#resolve()
  }

  breakOff(): void {
    this.#peer.close()
  }

  async abandoned(): Promise<void> {
    await this.#peer.toEnd()
  }
}
