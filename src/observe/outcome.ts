import { type ErrorCode, ProxyError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

/**
 * What ended an exchange early, or made the proxy answer in a server's place, in words for the `cause` field of the
 * access log. Users of other proxies see 499 or 502 and can't tell these apart.
 */
const causes: Readonly<Record<ErrorCode, string>> = {
  'client.malformed': 'malformed request',
  'client.headTooLarge': 'request head too large',
  'client.targetTooLong': 'request target too long',
  'client.bodyTooLarge': 'request body too large',
  'client.expectation': 'unknown expectation',
  'client.unsupportedCoding': 'unsupported transfer coding',
  'client.connect': 'CONNECT refused',
  'client.version': 'unsupported HTTP version',
  'client.headTimeout': 'read time-out',
  'client.bodyTimeout': 'read time-out',
  'client.reset': 'client reset',
  'upstream.refused': 'upstream refused',
  'upstream.unresolved': 'upstream unresolved',
  'upstream.unreachable': 'upstream unreachable',
  'upstream.dialTimeout': 'upstream dial time-out',
  'upstream.certificate': 'upstream certificate',
  'upstream.handshake': 'upstream handshake',
  'upstream.reset': 'upstream reset',
  'upstream.malformed': 'upstream malformed',
  'upstream.responseTimeout': 'upstream response time-out',
  'upstream.truncated': 'upstream truncated',
  'upstream.authFailed': 'auth server failed',
  'upstream.tooLarge': 'upstream response too large',
  'proxy.noServer': 'no server',
  'proxy.unexpected': 'unexpected error',
  'proxy.writeTimeout': 'write time-out',
  'proxy.shutdown': 'shutdown',
}

/** Why an exchange was aborted or answered by the proxy itself; undefined for one that went well. */
export function exchangeError(exchange: Exchange): ProxyError | undefined {
  return exchange.outcome?.kind === 'aborted' ? exchange.outcome.error : exchange.failure
}

export function exchangeCause(exchange: Exchange): string | undefined {
  const error = exchangeError(exchange)
  return error === undefined ? undefined : causes[error.code]
}

/**
 * The status that logs, metrics and spans tell. An aborted exchange never passes for a success: it has the status of
 * what ended it (499, 502, 504), also when a head with another status had already been sent; that one is the origin's.
 */
export function exchangeStatus(exchange: Exchange): number {
  if (exchange.outcome?.kind === 'aborted') return exchange.outcome.error.facts.status
  return exchange.response?.status ?? exchange.failure?.facts.status ?? 0
}
