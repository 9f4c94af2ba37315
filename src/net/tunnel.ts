import type { Connection, Receiver } from './connection.ts'

export interface TunnelOptions {
  /**
   * How long one side may go on after the other has ended, in milliseconds; negative: for ever
   * (Traefik's terminationDelay, where Sluice's implicit transport waits).
   */
  readonly terminationDelayMs: number
  /** Called once, when both connections are closed. */
  readonly onClosed: () => void
}

/**
 * Joins two connections byte for byte until both sides have ended. A side that can't take more pauses the other; a FIN
 * on one side becomes a FIN on the other; an abort of one closes the other. Gives the receiver of `first`, for what was
 * read from it before.
 */
export function tunnel(first: Connection, second: Connection, options: TunnelOptions): Receiver {
  const shared: TunnelState = { options, open: 2, ended: 0, timer: undefined }
  const side = new TunnelSide(first, second, shared)
  first.attach(side)
  second.attach(new TunnelSide(second, first, shared))
  first.resume()
  second.resume()
  return side
}

interface TunnelState {
  readonly options: TunnelOptions
  open: number
  ended: number
  timer: Timer | undefined
}

class TunnelSide implements Receiver {
  readonly #own: Connection
  readonly #other: Connection
  readonly #shared: TunnelState

  constructor(own: Connection, other: Connection, shared: TunnelState) {
    this.#own = own
    this.#other = other
    this.#shared = shared
  }

  received(bytes: Buffer): void {
    if (!this.#other.write(bytes)) this.#own.pause()
  }

  drained(): void {
    this.#other.resume()
  }

  ended(): void {
    this.#other.end()
    this.#shared.ended += 1
    if (this.#shared.ended === 2) return
    const delayMs = this.#shared.options.terminationDelayMs
    if (delayMs < 0) return
    this.#shared.timer = setTimeout(() => {
      this.#own.close()
      this.#other.close()
    }, delayMs)
  }

  closed(error: Error | undefined): void {
    // An orderly close (both FINs seen) lets the other side take what is still unsent; an abort does not wait.
    if (error !== undefined) this.#other.close(error)
    else this.#other.end()
    this.#shared.open -= 1
    if (this.#shared.open > 0) return
    clearTimeout(this.#shared.timer)
    this.#shared.options.onClosed()
  }
}
