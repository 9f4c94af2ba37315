import { ProxyError } from '../errors.ts'
import type { Connection, Receiver } from '../net/connection.ts'
import { Deadline } from '../net/deadline.ts'
import { postgresAccept, postgresSslRequest } from '../net/postgres.ts'

/**
 * Sends PostgreSQL's SSLRequest and resolves when the server agrees; then nothing but the answer has been read. Else it
 * rejects with a ProxyError, and the connection is closed. `timeoutMs` 0: no limit.
 */
export function askPostgresForTls(server: Connection, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.attach(new SslRequest(server, { timeoutMs, resolve, reject }))
  server.write(postgresSslRequest)
  return promise
}

interface SslRequestOptions {
  readonly timeoutMs: number
  readonly resolve: () => void
  readonly reject: (error: ProxyError) => void
}

class SslRequest implements Receiver {
  readonly #server: Connection
  readonly #options: SslRequestOptions
  readonly #deadline: Deadline

  constructor(server: Connection, options: SslRequestOptions) {
    this.#server = server
    this.#options = options
    this.#deadline = new Deadline(() => this.#fail('no answer to the SSLRequest'))
    this.#deadline.set(options.timeoutMs)
  }

  received(bytes: Buffer): void {
    // Whatever comes with the answer was not sent under TLS: taking it for the server's would let a third party in
    // (CVE-2021-23222).
    if (!bytes.equals(postgresAccept)) return this.#fail('the server does not agree to TLS')
    this.#deadline.dispose()
    this.#server.pause()
    this.#options.resolve()
  }

  ended(): void {
    this.#fail('ended instead of an answer to the SSLRequest')
  }

  closed(): void {
    this.#fail('closed instead of an answer to the SSLRequest')
  }

  drained(): void {}

  #fail(detail: string): void {
    this.#deadline.dispose()
    this.#options.reject(new ProxyError('upstream.handshake', `PostgreSQL: ${detail}`))
    this.#server.close()
  }
}
