import type { Connection, Receiver } from './connection.ts'

/** What a tunnel needs of either side: a connection, or what looks like one. */
export type TunnelEnd = Pick<
  Connection,
  'attach' | 'write' | 'writeOwned' | 'pause' | 'resume' | 'end' | 'close' | 'hasEnded' | 'isClosed'
>

export interface TunnelOptions {
  /**
   * How long one side may go on after the other has ended, in milliseconds; negative: for ever
   * (Traefik's terminationDelay, where Sluice's implicit transport waits).
   */
  readonly terminationDelayMs: number
  /** What was read from either before; the other gets it ahead of everything else. */
  readonly fromFirst?: readonly Uint8Array[]
  readonly fromSecond?: readonly Uint8Array[]
  /** Called once, when both connections are closed. */
  readonly onClosed: () => void
}

/**
 * Joins two connections byte for byte until both sides have ended. A side that can't take more pauses the other; a FIN
 * on one side becomes a FIN on the other; an abort of one closes the other.
 */
export function tunnel(first: TunnelEnd, second: TunnelEnd, options: TunnelOptions): void {
  const shared: TunnelState = { options, open: 2, ended: 0, timer: undefined }
  const side = new TunnelSide(first, second, shared)
  const otherSide = new TunnelSide(second, first, shared)
  first.attach(side)
  second.attach(otherSide)
  side.start(options.fromFirst)
  otherSide.start(options.fromSecond)
  // What happened to either before it was joined is told to nobody a second time.
  if (first.hasEnded) side.ended()
  if (second.hasEnded) otherSide.ended()
  if (first.isClosed) side.closed(undefined)
  if (second.isClosed) otherSide.closed(undefined)
}

interface TunnelState {
  readonly options: TunnelOptions
  open: number
  ended: number
  timer: Timer | undefined
}

class TunnelSide implements Receiver {
  readonly #own: TunnelEnd
  readonly #other: TunnelEnd
  readonly #shared: TunnelState
  #hasEnded = false

  constructor(own: TunnelEnd, other: TunnelEnd, shared: TunnelState) {
    this.#own = own
    this.#other = other
    this.#shared = shared
  }

  start(early: readonly Uint8Array[] = []): void {
    // Only a write that the kernel has not taken whole is followed by `drained`, which resumes.
    const isTaken = early.map((bytes) => this.#other.write(bytes)).every(Boolean)
    if (isTaken) this.#own.resume()
    else this.#own.pause()
  }

  received(bytes: Buffer): void {
    // A piece from the middle of its memory is not alone in it (a frame of HTTP/2 may be such).
    const isTaken = bytes.byteOffset === 0 ? this.#other.writeOwned(bytes) : this.#other.write(bytes)
    if (!isTaken) this.#own.pause()
  }

  drained(): void {
    this.#other.resume()
  }

  ended(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
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
    // A connection whose own end has been sent closes with its peer's, and may tell of the close alone.
    if (error === undefined && this.#shared.ended === 1) this.ended()
    // After both FINs the other side still takes what is unsent; there is nobody to wait for after anything else.
    if (error !== undefined || this.#shared.ended < 2) this.#other.close(error)
    this.#shared.open -= 1
    if (this.#shared.open > 0) return
    clearTimeout(this.#shared.timer)
    this.#shared.options.onClosed()
  }
}
