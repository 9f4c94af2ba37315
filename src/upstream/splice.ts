import { toProxyError } from '../errors.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { dial } from '../net/dial.ts'
import { tunnel } from '../net/tunnel.ts'
import type { Log } from '../observe/log.ts'
import { askPostgresForTls } from './postgres.ts'

export interface SpliceOptions {
  readonly address: { readonly host: string; readonly port: number }
  readonly dialTimeoutMs: number
  readonly dialKeepAliveMs: number
  /** How long one side may go on after the other has ended; negative: for ever. */
  readonly terminationDelayMs: number
  /** The server is asked for TLS as a PostgreSQL client would, before the client's ClientHello goes to it. */
  readonly asksPostgresTls: boolean
  readonly log: Log
}

/** Joins a client's connection with a TCP server; `early` are bytes of the client that have been read already. */
export async function splice(client: Connection, early: Buffer, options: SpliceOptions): Promise<void> {
  const { address, dialTimeoutMs, dialKeepAliveMs, terminationDelayMs, log } = options
  // What comes meanwhile stays in the kernel; a TLS connection still hands over what it has decrypted already.
  client.pause()
  const waiting = new Waiting(early)
  client.attach(waiting)
  try {
    const server = await dial({ address, tls: undefined, timeoutMs: dialTimeoutMs })
    if (options.asksPostgresTls) await askPostgresForTls(server, dialTimeoutMs)
    if (client.isClosed) return server.close()
    if (dialKeepAliveMs > 0) server.setKeepAlive(dialKeepAliveMs)
    tunnel(client, server, { terminationDelayMs, fromFirst: waiting.pieces, onClosed: () => {} })
  } catch (thrown) {
    const error = toProxyError(thrown)
    log.error(error.message, { error: error.code, client: client.remoteAddress })
    client.close()
  }
}

/** Keeps what the client says while its server is dialled. */
class Waiting implements Receiver {
  readonly pieces: Buffer[]

  constructor(early: Buffer) {
    this.pieces = early.length === 0 ? [] : [early]
  }

  received(bytes: Buffer): void {
    this.pieces.push(bytes)
  }

  ended(): void {}

  closed(): void {}

  drained(): void {}
}
