import { toProxyError } from '../errors.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { dial } from '../net/dial.ts'
import { tunnel } from '../net/tunnel.ts'
import type { Log } from '../observe/log.ts'

export interface SpliceOptions {
  readonly address: { readonly host: string; readonly port: number }
  readonly dialTimeoutMs: number
  readonly dialKeepAliveMs: number
  /** How long one side may go on after the other has ended; negative: for ever. */
  readonly terminationDelayMs: number
  readonly log: Log
}

/** Joins a client's connection with a TCP server; `early` are bytes of the client that have been read already. */
export async function splice(client: Connection, early: Buffer | undefined, options: SpliceOptions): Promise<void> {
  const { address, dialTimeoutMs, dialKeepAliveMs, terminationDelayMs, log } = options
  // Read from now on by the tunnel only: what comes meanwhile stays in the kernel.
  client.pause()
  client.attach(untilDialled)
  try {
    const server = await dial({ address, tls: undefined, timeoutMs: dialTimeoutMs })
    if (client.isClosed) return server.close()
    if (dialKeepAliveMs > 0) server.setKeepAlive(dialKeepAliveMs)
    tunnel(client, server, { terminationDelayMs, onClosed: () => {} })
    if (early !== undefined && early.length > 0) server.write(early)
  } catch (thrown) {
    const error = toProxyError(thrown)
    log.error(error.message, { error: error.code, client: client.remoteAddress })
    client.close()
  }
}

/** A FIN that comes while the server is dialled is not lost: reading is paused, so it is seen by the tunnel. */
const untilDialled: Receiver = { received: () => {}, ended: () => {}, closed: () => {}, drained: () => {} }
