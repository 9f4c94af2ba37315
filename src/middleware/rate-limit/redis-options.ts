import {
  dead,
  integer,
  list,
  object,
  optional,
  refine,
  scalar,
  secret,
  text,
  timeout,
  withDefault,
  type Infer,
  type Parsed,
} from '../../config/schema.ts'
import { clientTls, clientTlsOptions } from '../client-tls.ts'
import type { RedisAddress } from './redis-connection.ts'

const endpoint = scalar('host:port', (written): Parsed<string> => {
  const isEndpoint = /^(\[[\da-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/.test(written)
  return isEndpoint ? { ok: true, value: written } : { ok: false, message: `is not an endpoint: ${written}` }
})

const endpoints = refine(list(endpoint), ({ length }) => {
  if (length === 0) return 'is empty (expected one endpoint)'
  return length === 1 ? undefined : 'names more than one endpoint: a Redis cluster is not supported yet'
})

/** One connection carries the commands of all requests, so there is no pool to size. */
const poolSetting = dead(integer())

export const redisOptions = object({
  endpoints: withDefault(endpoints, ['localhost:6379']),
  username: withDefault(text, ''),
  password: withDefault(secret(text), ''),
  db: withDefault(integer({ min: 0 }), 0),
  tls: optional(clientTls),
  poolSize: poolSetting,
  minIdleConns: poolSetting,
  maxActiveConns: poolSetting,
  readTimeout: withDefault(timeout, 3000),
  writeTimeout: withDefault(timeout, 3000),
  dialTimeout: withDefault(timeout, 5000),
})

export type RedisOptions = Infer<typeof redisOptions>

/** Throws an Error with a plain message for a certificate that can't be read. Opens nothing yet. */
export function redisAddress(options: RedisOptions): RedisAddress {
  const { endpoints: named, username, password, db, tls, readTimeout, writeTimeout, dialTimeout } = options
  return {
    authority: named[0]!,
    username,
    password,
    database: db,
    tls: tls && clientTlsOptions(tls),
    // 0 means the default in Traefik's client too.
    dialTimeoutMs: dialTimeout || 5000,
    commandTimeoutMs: (readTimeout || 3000) + (writeTimeout || 3000),
  }
}
