import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { exchangeCause, exchangeError, exchangeStatus } from '../../src/observe/outcome.ts'
import { abortedExchange, exchangeOf, servedExchange } from './finished-exchange.ts'

describe('an aborted exchange', () => {
  test.each([
    ['client.reset', 499, 'client reset'],
    ['client.bodyTimeout', 408, 'read time-out'],
    ['upstream.reset', 502, 'upstream reset'],
    ['upstream.truncated', 502, 'upstream truncated'],
    ['proxy.writeTimeout', 504, 'write time-out'],
    ['proxy.shutdown', 504, 'shutdown'],
  ] as const)('by %s has status %d and the cause «%s»', (code, status, cause) => {
    const exchange = abortedExchange(code)
    expect(exchangeStatus(exchange)).toBe(status)
    expect(exchangeCause(exchange)).toBe(cause)
    expect(exchangeError(exchange)?.code).toBe(code)
  })
})

describe('a complete exchange', () => {
  test('has the status of its response and no cause', () => {
    expect(exchangeStatus(servedExchange())).toBe(200)
    expect(exchangeCause(servedExchange())).toBeUndefined()
  })

  test('that the proxy answered itself names the failure behind it', () => {
    const exchange = servedExchange()
    exchange.response = { status: 502, headers: [], body: exchange.response!.body }
    exchange.failure = new ProxyError('upstream.refused', 'connection refused')
    expect(exchangeStatus(exchange)).toBe(502)
    expect(exchangeCause(exchange)).toBe('upstream refused')
  })

  test('without a response has the status of the failure', () => {
    const exchange = exchangeOf()
    exchange.failure = new ProxyError('client.headTooLarge', 'too large')
    expect(exchangeStatus(exchange)).toBe(431)
  })
})
