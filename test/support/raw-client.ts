import { connect, type Socket } from 'node:net'
import { within } from '../provider/within.ts'

/** A TCP connection of a test: bytes in, bytes out, and what the other side did to it. */
export interface RawClient extends Disposable {
  readonly socket: Socket
  readonly localPort: number
  /** Everything received so far. */
  readonly bytes: Buffer
  readonly text: string
  write(bytes: string | Uint8Array): void
  /** Sends FIN; reading goes on. */
  end(): void
  /** Resolves when what has been received matches. Rejects at the deadline, or when the connection is gone before. */
  waitFor(pattern: RegExp | ((bytes: Buffer) => boolean), deadlineMs?: number): Promise<string>
  /** The peer's FIN. */
  readonly ended: Promise<void>
  /** Both directions are gone; a reset is no error here. */
  readonly closed: Promise<void>
}

export async function rawClient(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return wrap(socket)
}

/** The same view of a socket that a test's server has accepted. */
export function wrap(socket: Socket): RawClient {
  const pieces: Buffer[] = []
  let changed = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const wake = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  socket.on('data', (bytes) => {
    pieces.push(Buffer.from(bytes))
    wake()
  })
  socket.on('end', () => ended.resolve())
  socket.on('error', () => {})
  socket.on('close', () => {
    ended.resolve()
    closed.resolve()
    wake()
  })
  const client: RawClient = {
    socket,
    localPort: socket.localPort ?? 0,
    get bytes() {
      return Buffer.concat(pieces)
    },
    get text() {
      return Buffer.concat(pieces).toString('latin1')
    },
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    waitFor: async (pattern, deadlineMs = 5000) => {
      const matches = () => (pattern instanceof RegExp ? pattern.test(client.text) : pattern(client.bytes))
      const search = async () => {
        while (!matches()) {
          if (socket.destroyed) throw new Error(`closed before ${pattern} came; got ${JSON.stringify(client.text)}`)
          await changed.promise
        }
        return client.text
      }
      return within(search(), `${pattern}`, deadlineMs)
    },
    ended: ended.promise,
    closed: closed.promise,
    [Symbol.dispose]: () => void socket.destroy(),
  }
  return client
}
