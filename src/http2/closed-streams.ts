const mostResets = 2048
const mostGaps = 64

/**
 * What a frame on a stream that is not open any more means: for one that we have reset it is a matter of time, for one
 * that the client has ended itself a fault, and one that was passed over was never there (RFC 9113 §5.1, §5.1.1). Only
 * the exceptions are kept, since nearly all streams are opened one after the other and ended by both sides.
 */
export class ClosedStreams {
  readonly #resets = new Set<number>()
  readonly #gaps: { readonly after: number; readonly before: number }[] = []

  /** The client has opened `stream` after `last`: those in between are closed by that. */
  opened(stream: number, last: number): void {
    if (stream === last + 2 || stream === 1) return
    this.#gaps.push({ after: last, before: stream })
    if (this.#gaps.length > mostGaps) this.#gaps.shift()
  }

  reset(stream: number): void {
    this.#resets.add(stream)
    if (this.#resets.size <= mostResets) return
    for (const oldest of this.#resets) {
      this.#resets.delete(oldest)
      return
    }
  }

  wasReset(stream: number): boolean {
    return this.#resets.has(stream)
  }

  wasPassedOver(stream: number): boolean {
    return this.#gaps.some(({ after, before }) => stream > after && stream < before)
  }
}
