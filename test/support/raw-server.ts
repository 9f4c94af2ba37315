import { createServer, type Server } from 'node:net'
import { wrap, type RawClient } from './raw-client.ts'
import { within } from '../provider/within.ts'

/** A TCP server whose connections the test plays itself. */
export interface RawServer extends Disposable {
  readonly port: number
  readonly address: string
  /** The next connection that has not been taken yet. */
  accept(): Promise<RawClient>
  readonly acceptedCount: number
}

export async function rawServer(onConnection?: (connection: RawClient) => void): Promise<RawServer> {
  const waiting: RawClient[] = []
  const open = new Set<RawClient>()
  let arrived = Promise.withResolvers<void>()
  let acceptedCount = 0
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = wrap(socket)
    acceptedCount += 1
    open.add(connection)
    if (onConnection !== undefined) return onConnection(connection)
    waiting.push(connection)
    arrived.resolve()
    arrived = Promise.withResolvers()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const next = async () => {
    while (waiting.length === 0) await arrived.promise
    return waiting.shift()!
  }
  return {
    port,
    address: `127.0.0.1:${port}`,
    accept: () => within(next(), 'a connection', 5000),
    get acceptedCount() {
      return acceptedCount
    },
    [Symbol.dispose]: () => {
      server.close()
      for (const connection of open) connection[Symbol.dispose]()
    },
  }
}

/** Gives back every byte, and the FIN. */
export function rawEcho(): Promise<RawServer> {
  return rawServer(({ socket }) => void socket.pipe(socket))
}
