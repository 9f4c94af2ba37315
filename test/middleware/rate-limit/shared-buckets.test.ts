import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Handler } from '../../../src/http/message.ts'
import { rateLimit } from '../../../src/middleware/rate-limit.ts'
import { rateOf } from '../../../src/middleware/rate-limit/rate.ts'
import { RedisConnection, type RedisAddress } from '../../../src/middleware/rate-limit/redis-connection.ts'
import { SharedBuckets } from '../../../src/middleware/rate-limit/shared-buckets.ts'
import { TokenBuckets } from '../../../src/middleware/rate-limit/token-buckets.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { buildMiddleware } from '../../support/middleware.ts'
import { freePort } from '../../support/ports.ts'
import { redisCommand, startRedis, type RunningRedis } from '../../support/redis.ts'
import { makeRequest, makeResponse, readText } from '../../support/request.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary.ts'

const okay: Handler = () => Promise.resolve(makeResponse())
const minute = rateOf({ average: 1, periodMs: 60_000, burst: 1 })!

function addressOf(port: number, more: Partial<RedisAddress> = {}): RedisAddress {
  const limits = { dialTimeoutMs: 1000, commandTimeoutMs: 1000 }
  return { authority: `127.0.0.1:${port}`, username: '', password: '', database: 0, tls: undefined, ...limits, ...more }
}

describe.skipIf(redisCommand === null)('a limit in Redis', () => {
  let folder: TemporaryFolder
  let redis: RunningRedis
  beforeAll(async () => {
    folder = await temporaryFolder()
    redis = await startRedis(folder.path)
  })
  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  test('counts as the one in memory does', async () => {
    using connection = new RedisConnection(addressOf(redis.port))
    const rate = rateOf({ average: 10, periodMs: 1000, burst: 3 })!
    const shared = new SharedBuckets(connection, 'same@file', rate)
    const local = new TokenBuckets(rate)
    const epoch = 1_700_000_000_000
    for (const at of [0, 0, 0, 0, 60, 60, 99, 110, 400, 401, 402, 403, 404, 900]) {
      expect(await shared.take('a', epoch + at)).toBeCloseTo(local.take('a', epoch + at), 2)
    }
  })

  test('is one for all connections that name the middleware alike, and another for each source', async () => {
    using one = new RedisConnection(addressOf(redis.port))
    using two = new RedisConnection(addressOf(redis.port))
    const now = Date.now()
    expect(await new SharedBuckets(one, 'shared@file', minute).take('a', now)).toBe(0)
    expect(await new SharedBuckets(two, 'shared@file', minute).take('a', now)).toBe(60_000)
    expect(await new SharedBuckets(two, 'shared@file', minute).take('b', now)).toBe(0)
    expect(await new SharedBuckets(two, 'other@file', minute).take('a', now)).toBe(0)
  })

  test('lets no more pass than it may when many ask at once', async () => {
    const connections = Array.from({ length: 4 }, () => new RedisConnection(addressOf(redis.port)))
    const rate = rateOf({ average: 1, periodMs: 3_600_000, burst: 25 })!
    const now = Date.now()
    const delays = await Promise.all(
      Array.from({ length: 200 }, (_, at) => new SharedBuckets(connections[at % 4]!, 'many@file', rate).take('a', now)),
    )
    expect(delays.filter((delay) => delay === 0).length).toBe(25)
    for (const connection of connections) connection[Symbol.dispose]()
  })

  test('lies where Traefik looks for it, and ages out', async () => {
    using connection = new RedisConnection(addressOf(redis.port, { database: 3 }))
    await new SharedBuckets(connection, 'place@file', minute).take('10.0.0.1', 1_700_000_000_000)
    const key = 'rate:place@file:10.0.0.1'
    expect(await connection.send('HGETALL', [key])).toMatchObject({ last: '1700000000000000', tokens: '0' })
    const ttl = Number(await connection.send('TTL', [key]))
    expect(ttl).toBeGreaterThan(55)
    expect(ttl).toBeLessThanOrEqual(61)
  })

  test('guards requests through the middleware', async () => {
    const redisOptions = { endpoints: `127.0.0.1:${redis.port}` }
    const share = <T extends object>(_: string, make: () => T): T => {
      shared ??= make()
      return shared as T
    }
    let shared: object | undefined
    const options = { average: 1, period: '1h', redis: redisOptions }
    const routers = [1, 2].map(() => buildMiddleware(rateLimit, options, { share, name: 'both@file' })(okay))
    const statuses = []
    for (const router of routers) statuses.push((await router(makeRequest())).status)
    expect(statuses).toEqual([200, 429])
    ;(shared as unknown as RedisConnection)[Symbol.dispose]()
  })

  test('wants the password', async () => {
    await using guarded = await startRedis(folder.path, ['--requirepass', 'p@ss:/word'])
    using right = new RedisConnection(addressOf(guarded.port, { password: 'p@ss:/word' }))
    expect(await new SharedBuckets(right, 'm', minute).take('a', Date.now())).toBe(0)
    using wrong = new RedisConnection(addressOf(guarded.port, { password: 'no' }))
    const refused = await new SharedBuckets(wrong, 'm', minute).take('b', Date.now()).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(Error)
  })

  test('is asked over TLS', async () => {
    const { certFile, keyFile, cert } = await makeCertificate(folder.path, '127.0.0.1')
    const port = await freePort()
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile]
    const settings = ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no']
    await using guarded = await startRedis(folder.path, settings, port)
    using connection = new RedisConnection(addressOf(guarded.port, { tls: { ca: cert } }))
    expect(await new SharedBuckets(connection, 'm', minute).take('a', Date.now())).toBe(0)
    using distrustful = new RedisConnection(addressOf(guarded.port, { tls: {} }))
    expect(await distrustful.send('PING', []).catch((error: Error) => error)).toBeInstanceOf(Error)
  })

  test('is an error while Redis is away, at once, and works again when it is back', async () => {
    const first = await startRedis(folder.path)
    using connection = new RedisConnection(addressOf(first.port))
    const now = Date.now()
    const buckets = new SharedBuckets(connection, 'm', minute)
    expect(await buckets.take('a', now)).toBe(0)
    await first[Symbol.asyncDispose]()
    for (let times = 0; times < 3; times++) {
      expect(await buckets.take('a', now).catch((error: Error) => error)).toBeInstanceOf(Error)
    }
    await using _ = await startRedis(folder.path, [], first.port)
    // A new server knows neither the script nor the bucket.
    expect(await buckets.take('a', now)).toBe(0)
    expect(await buckets.take('a', now)).toBe(60_000)
  })

  test('closes its connection when nothing uses it any more, after what is still on its way', async () => {
    const connection = new RedisConnection(addressOf(redis.port))
    const buckets = new SharedBuckets(connection, 'closing@file', minute)
    using watcher = new RedisConnection(addressOf(redis.port))
    await buckets.take('a', Date.now())
    const before = await clientsOf(watcher)
    const asked = buckets.take('b', Date.now())
    connection[Symbol.dispose]()
    expect(await asked).toBe(0)
    // One that began under the older configuration and comes late.
    expect(await buckets.take('c', Date.now())).toBe(0)
    while ((await clientsOf(watcher)) >= before) await Bun.sleep(2)
  })
})

async function clientsOf(connection: RedisConnection): Promise<number> {
  return String(await connection.send('CLIENT', ['LIST']))
    .trim()
    .split('\n').length
}

describe('a limit whose Redis can’t be asked', () => {
  async function answered(port: number): Promise<void> {
    const options = {
      average: 1,
      redis: { endpoints: `127.0.0.1:${port}`, readTimeout: '50ms', writeTimeout: '50ms', dialTimeout: '50ms' },
    }
    let passed = false
    const handler = buildMiddleware(
      rateLimit,
      options,
    )(() => {
      passed = true
      return okay(makeRequest())
    })
    const request = makeRequest()
    const response = await handler(request)
    expect(response.status).toBe(500)
    expect(await readText(response.body)).toBe('Could not insert/update bucket\n')
    expect(request.exchange.failure?.code).toBe('proxy.unexpected')
    expect(passed).toBe(false)
  }

  test('answers 500 when nobody listens', async () => answered(await freePort()))

  test('answers 500 when it says nothing', async () => {
    using silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    await answered(silent.port)
  })

  test('answers 500 when it speaks no Redis', async () => {
    using babbling = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
    })
    await answered(babbling.port)
  })
})
