/** The engine acknowledges bytes as they come, read or not, so nothing but an end keeps a fast client from filling memory. */
const mostOfOneBytes = 16 * 1024 * 1024
const mostOfAllBytes = 48 * 1024 * 1024
/** A stream that holds so little is never the one to go. */
const grantedBytes = 256 * 1024

/** Counts the bytes of request bodies that have come and that nobody has taken yet, over all streams of a listener. */
export class WaitingBytes {
  #total = 0

  /** A stream that held `before` bytes now holds `now`. False: that is too much, for itself or for all together. */
  change(before: number, now: number): boolean {
    this.#total += now - before
    if (now <= grantedBytes) return true
    return now <= mostOfOneBytes && this.#total <= mostOfAllBytes
  }
}
