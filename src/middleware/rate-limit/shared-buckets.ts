import type { RedisConnection } from './redis-connection.ts'
import type { Rate } from './rate.ts'

/**
 * One step of a token bucket that lives in Redis, where a script runs alone. The hash and its fields, times in
 * microseconds of the asking proxy, are Traefik's, so that both can guard one limit. Rates are tokens per microsecond.
 */
const script = `
local perMicrosecond, burst, ttl, now, maxDelay =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'last', 'tokens')
local tokens = burst
if known[1] and known[2] then
  -- The clocks of two proxies differ: time that seems to go back brings no tokens.
  local elapsed = math.max(0, now - tonumber(known[1]))
  tokens = math.min(burst, tonumber(known[2]) + elapsed * perMicrosecond)
end
tokens = tokens - 1
local delay = 0
if tokens < 0 then
  delay = -tokens / perMicrosecond
  if delay > maxDelay then tokens = tokens + 1 end
end
redis.call('HSET', KEYS[1], 'last', ARGV[4], 'tokens', tostring(tokens))
redis.call('EXPIRE', KEYS[1], ttl)
return tostring(delay)
`
const scriptDigest = new Bun.CryptoHasher('sha1').update(script).digest('hex')

/** Token buckets in Redis: one limit for all proxies that name the middleware alike. */
export class SharedBuckets {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #terms: readonly [string, string, string]
  readonly #maxDelayUs: string

  constructor(connection: RedisConnection, middleware: string, rate: Rate) {
    this.#connection = connection
    this.#prefix = `rate:${middleware}:`
    const { tokensPerSecond, burst, timeToLiveMs, maxDelayMs } = rate
    this.#terms = [String(tokensPerSecond / 1e6), String(burst), String(Math.ceil(timeToLiveMs / 1000))]
    this.#maxDelayUs = String(Math.trunc(maxDelayMs * 1000))
  }

  /** As `TokenBuckets.take`; `nowMs` is since 1970. Rejects when Redis can't be asked. */
  async take(source: string, nowMs: number): Promise<number> {
    const key = this.#prefix + source
    const asked = ['1', key, ...this.#terms, String(Math.trunc(nowMs * 1000)), this.#maxDelayUs]
    const answer = await this.#connection.send('EVALSHA', [scriptDigest, ...asked]).catch((thrown) => {
      // A Redis that has not seen the script, or has been restarted since.
      if (!isMissingScript(thrown)) throw thrown
      return this.#connection.send('EVAL', [script, ...asked])
    })
    const delayUs = Number(answer)
    if (!(delayUs >= 0)) throw new Error(`Redis gave ${JSON.stringify(answer)} for a delay`)
    return delayUs / 1000
  }
}

function isMissingScript(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('NOSCRIPT')
}
