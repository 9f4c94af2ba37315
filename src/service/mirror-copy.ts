import type { ProxyError } from '../errors.ts'
import type { BodyObserver } from '../http/observed-body.ts'

/** What the copies of one service may hold together, so that slow mirrors cannot eat the memory of the proxy. */
export interface CopyBudget {
  readonly mostBytes: number
  readonly mostRequests: number
}

/** Keeps count of the requests that wait for their mirrors, and of the bytes that they hold. */
export class CopyLedger {
  readonly #budget: CopyBudget
  #bytes = 0
  #requests = 0

  constructor(budget: CopyBudget) {
    this.#budget = budget
  }

  /** False: there are too many already, and this one is not to be mirrored. */
  open(): boolean {
    if (this.#requests >= this.#budget.mostRequests) return false
    this.#requests++
    return true
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#budget.mostBytes) return false
    this.#bytes += bytes
    return true
  }

  close(bytes: number): void {
    this.#requests--
    this.#bytes -= bytes
  }
}

/** The copy of one request's body, taken as it passes. `release` it when the mirrors have had it. */
export class MirrorCopy implements BodyObserver {
  readonly #ledger: CopyLedger
  readonly #mostBytes: number
  readonly #length: number | undefined
  #pieces: Uint8Array[] = []
  #bytes = 0
  #state: 'filling' | 'whole' | 'broken' = 'filling'

  /** `ledger` has been opened for it; `length` is what the body says of itself. */
  constructor(ledger: CopyLedger, { mostBytes, length }: { mostBytes: number; length: number | undefined }) {
    this.#ledger = ledger
    this.#mostBytes = mostBytes
    this.#length = length
  }

  /** All that passed; undefined when it broke off or was too much. */
  get bytes(): Uint8Array | undefined {
    return this.#state === 'whole' ? Buffer.concat(this.#pieces, this.#bytes) : undefined
  }

  passed(piece: Uint8Array): void {
    if (this.#state !== 'filling') return
    if (this.#bytes + piece.length > this.#mostBytes || !this.#ledger.take(piece.length)) return this.#break()
    this.#bytes += piece.length
    // A copy, since a piece may be a small part of a large buffer, which would be held with it.
    this.#pieces.push(Uint8Array.from(piece))
    // Who knows the length may not ask for the end after the last piece, but give the body up when the answer is there.
    if (this.#bytes === this.#length) this.#state = 'whole'
  }

  ended(): void {
    if (this.#state === 'filling') this.#state = 'whole'
  }

  failed(error: ProxyError): ProxyError {
    this.cancelled()
    return error
  }

  cancelled(): void {
    if (this.#state === 'filling') this.#break()
  }

  release(): void {
    this.#pieces = []
    this.#ledger.close(this.#bytes)
  }

  #break(): void {
    this.#state = 'broken'
    this.#pieces = []
  }
}
