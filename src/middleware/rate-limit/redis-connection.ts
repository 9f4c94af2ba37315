import type { TLSOptions } from 'bun'

export interface RedisAddress {
  /** `redis.test:6379`, `[::1]:6379`. */
  readonly authority: string
  readonly username: string
  readonly password: string
  readonly database: number
  readonly tls: TLSOptions | undefined
  readonly dialTimeoutMs: number
  /** For a command to be written and answered, once there is a connection. */
  readonly commandTimeoutMs: number
}

/**
 * A connection to Redis that is made when it is needed, carries the commands of all requests, and is made anew after it
 * has broken. `RedisClient`'s own reconnecting keeps commands waiting meanwhile, which would keep requests waiting.
 */
export class RedisConnection implements Disposable {
  readonly #address: RedisAddress
  #client: Bun.RedisClient | undefined
  #pending = 0
  #isRetired = false

  constructor(address: RedisAddress) {
    this.#address = address
  }

  /** Rejects when Redis can't be reached, says no or takes too long. */
  async send(command: string, parameters: string[]): Promise<unknown> {
    const client = (this.#client ??= this.#connect())
    this.#pending += 1
    const { authority, dialTimeoutMs, commandTimeoutMs } = this.#address
    const late = Promise.withResolvers<never>()
    const patienceMs = client.connected ? commandTimeoutMs : dialTimeoutMs + commandTimeoutMs
    const timer = setTimeout(() => {
      this.#drop(client)
      late.reject(new Error(`no answer from Redis at ${authority} within ${patienceMs / 1000} s`))
    }, patienceMs)
    try {
      return await Promise.race([client.send(command, parameters), late.promise])
    } catch (thrown) {
      if (!client.connected) this.#drop(client)
      throw thrown
    } finally {
      clearTimeout(timer)
      this.#pending -= 1
      if (this.#isRetired) this.#closeWhenIdle()
    }
  }

  /** A request that began under an older configuration may still send; the connection closes after the last. */
  [Symbol.dispose](): void {
    this.#isRetired = true
    this.#closeWhenIdle()
  }

  #connect(): Bun.RedisClient {
    const { authority, username, password, database, tls, dialTimeoutMs } = this.#address
    const user = username === '' && password === '' ? '' : `${encode(username)}:${encode(password)}@`
    const client = new Bun.RedisClient(`${tls === undefined ? 'redis' : 'rediss'}://${user}${authority}/${database}`, {
      autoReconnect: false,
      connectionTimeout: dialTimeoutMs,
      ...(tls === undefined ? {} : { tls }),
    })
    client.onclose = () => this.#forget(client)
    return client
  }

  #forget(client: Bun.RedisClient): void {
    if (this.#client === client) this.#client = undefined
  }

  #drop(client: Bun.RedisClient): void {
    this.#forget(client)
    client.close()
  }

  #closeWhenIdle(): void {
    if (this.#pending === 0 && this.#client !== undefined) this.#drop(this.#client)
  }
}

const encode = encodeURIComponent
