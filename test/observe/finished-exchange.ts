import { ProxyError, type ErrorCode } from '../../src/errors.ts'
import { bytesBody, emptyBody } from '../../src/http/body.ts'
import { type ClientFacts, Exchange } from '../../src/http/exchange.ts'
import type { Headers } from '../../src/http/headers.ts'
import type { HttpRequest } from '../../src/http/message.ts'

export const plainClient: ClientFacts = {
  address: '203.0.113.7',
  port: 51234,
  localAddress: '192.0.2.1',
  localPort: 80,
  tls: undefined,
}

/** 10 October 2026, 13:55:36.123456 UTC. */
export const startedAt = Date.UTC(2026, 9, 10, 13, 55, 36) + 123.456

export function exchangeOf(client: ClientFacts = plainClient, start = startedAt): Exchange {
  return new Exchange('web', client, start)
}

export function requestOf(exchange: Exchange, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    path: '/x',
    query: 'y=1',
    host: 'example.org',
    version: '1.1',
    headers: ['User-Agent', 'curl/8', 'Referer', 'https://a.test/'],
    body: emptyBody,
    exchange,
    span: undefined,
    ...changes,
  }
}

/** A served request of Traefik's documentation: 12 bytes from a server in a little over 3 ms. */
export function servedExchange(changes: Partial<HttpRequest> = {}, client: ClientFacts = plainClient): Exchange {
  const exchange = exchangeOf(client)
  exchange.request = requestOf(exchange, changes)
  exchange.response = { status: 200, headers: ['Content-Type', 'text/plain'], body: bytesBody(new Uint8Array(12)) }
  exchange.routerName = 'web@file'
  exchange.serviceName = 'app@file'
  exchange.serverUrl = 'http://10.0.0.2:80'
  exchange.originStatus = 200
  exchange.originDurationMs = 2.5
  exchange.responseBytes = 12
  exchange.endedAt = startedAt + 3.75
  exchange.outcome = { kind: 'complete' }
  return exchange
}

export function abortedExchange(code: ErrorCode, headers: Headers = []): Exchange {
  const exchange = servedExchange({ headers })
  exchange.outcome = { kind: 'aborted', error: new ProxyError(code, 'for the log only') }
  return exchange
}
