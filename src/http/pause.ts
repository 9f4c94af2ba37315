import type { ProxyError } from '../errors.ts'
import type { Cancellable, Exchange } from './exchange.ts'

/** Resolves after that time; rejects as soon as nobody waits for the exchange any more. */
export function pause(exchange: Exchange, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => new Pause({ exchange, milliseconds, resolve, reject }))
}

interface PauseTerms {
  readonly exchange: Exchange
  readonly milliseconds: number
  resolve(): void
  reject(error: ProxyError): void
}

class Pause implements Cancellable {
  readonly #terms: PauseTerms
  readonly #timer: Timer

  constructor(terms: PauseTerms) {
    this.#terms = terms
    this.#timer = setTimeout(() => this.#over(), terms.milliseconds)
    terms.exchange.onCancel(this)
  }

  cancelled(error: ProxyError): void {
    clearTimeout(this.#timer)
    this.#terms.reject(error)
  }

  #over(): void {
    this.#terms.exchange.offCancel(this)
    this.#terms.resolve()
  }
}
