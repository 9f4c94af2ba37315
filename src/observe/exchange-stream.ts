import type { Exchange } from '../http/exchange.ts'
import type { Log } from './log.ts'

export type ExchangeListener = (exchange: Exchange) => void

/** Every finished exchange, once, in the order they ended: what the access log, metrics and live views read. */
export interface ExchangeStream {
  /** Returns the way to take the listener back. A listener that throws is logged and hurts nobody else. */
  subscribe(listener: ExchangeListener): () => void
  publish(exchange: Exchange): void
}

export function createExchangeStream(log: Log): ExchangeStream {
  // Replaced, never changed in place, so that a listener may leave while the loop below runs.
  let listeners: readonly ExchangeListener[] = []
  return {
    subscribe(listener) {
      const own: ExchangeListener = (exchange) => listener(exchange)
      listeners = [...listeners, own]
      return () => {
        listeners = listeners.filter((other) => other !== own)
      }
    },
    publish(exchange) {
      for (const listener of listeners) {
        try {
          listener(exchange)
        } catch (thrown) {
          log.error('an observer of finished exchanges failed', { error: String(thrown) })
        }
      }
    },
  }
}
