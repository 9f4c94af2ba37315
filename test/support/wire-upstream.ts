import type { Socket } from 'bun'
import { peerHandlers, WirePeer } from './wire-peer.ts'
import { within } from '../provider/within.ts'

/** A server that does nothing by itself: each connection is scripted by hand. */
export class WireUpstream implements AsyncDisposable {
  /** Every connection so far, in the order they came. */
  readonly connections: WirePeer[] = []
  readonly #listener
  readonly #answer: ((peer: WirePeer) => void) | undefined
  #taken = 0
  #arrived = Promise.withResolvers<void>()

  /** `answer`: what every connection does instead of waiting for its script. */
  constructor(answer?: (peer: WirePeer) => void) {
    this.#answer = answer
    this.#listener = Bun.listen<WirePeer>({
      hostname: '127.0.0.1',
      port: 0,
      allowHalfOpen: true,
      socket: { ...peerHandlers, open: (socket: Socket<WirePeer>) => this.#open(socket) },
    })
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openCount(): number {
    return this.connections.filter(({ isGone }) => !isGone).length
  }

  /** The next connection that no call has given yet. */
  async accept(): Promise<WirePeer> {
    const mine = this.#taken++
    while (this.connections.length <= mine) await within(this.#arrived.promise, 'a connection at the upstream')
    return this.connections[mine]!
  }

  /** The next connection, when its request has come whole as far as `until`. */
  async request(until: string | RegExp = '\r\n\r\n'): Promise<WirePeer> {
    const peer = await this.accept()
    await peer.expect(until)
    return peer
  }

  /** Takes no more connections, so that the port refuses; those that are open stay. */
  stopListening(): void {
    this.#listener.stop()
  }

  /** Every connection that the other side has not closed yet must close within the deadline. */
  async allGone(): Promise<void> {
    await Promise.all(this.connections.map((peer) => peer.gone()))
  }

  /** Waits until no more than this many connections are open. */
  async atMost(count: number): Promise<void> {
    while (this.openCount > count) {
      const open = this.connections.filter(({ isGone }) => !isGone)
      await Promise.race(open.map((peer) => peer.gone()))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.stop(true)
  }

  #open(socket: Socket<WirePeer>): void {
    const peer = new WirePeer(`upstream connection ${this.connections.length + 1}`)
    socket.data = peer
    peer.opened(socket)
    this.connections.push(peer)
    this.#arrived.resolve()
    this.#arrived = Promise.withResolvers()
    this.#answer?.(peer)
  }
}

/** Answers every request that has come whole (no body, or its end in one go) with the same bytes. */
export function answering(response: string): (peer: WirePeer) => void {
  return (peer) => {
    void (async () => {
      while (!peer.isGone && !peer.hasEnded) {
        await peer.take((text) => text.includes('\r\n\r\n') || peer.hasEnded)
        if (!peer.hasEnded) peer.send(response)
      }
    })().catch(() => peer.close())
  }
}
