import { violation, type Violation } from './frame.ts'
import { TokenBucket } from './token-bucket.ts'

const mostContinuations = 128

/** Bounds what a client may make us do for frames that cost it nothing. */
export class PeerPatience {
  /** A client that opens streams only to reset them (CVE-2023-44487). */
  readonly #resets = new TokenBucket(500, 50)
  /** PING, SETTINGS, PRIORITY, unknown and empty frames: each costs us an answer or a look. */
  readonly #idleFrames = new TokenBucket(500, 100)

  reset(): Violation | undefined {
    return this.#resets.take() ? undefined : violation('enhanceYourCalm', 'too many RST_STREAM frames')
  }

  idleFrame(name: string): Violation | undefined {
    return this.#idleFrames.take() ? undefined : violation('enhanceYourCalm', `too many ${name} frames`)
  }
}

/** The field section that has begun (CVE-2024-27316: one that never ends). */
export class OpenBlock {
  readonly stream: number
  readonly flags: number
  readonly #mostBytes: number
  readonly #parts: Buffer[]
  #bytes: number

  constructor(head: { readonly stream: number; readonly flags: number }, first: Buffer, mostBytes: number) {
    this.stream = head.stream
    this.flags = head.flags
    this.#mostBytes = mostBytes
    this.#parts = [first]
    this.#bytes = first.length
  }

  add(part: Buffer): Violation | undefined {
    this.#parts.push(part)
    this.#bytes += part.length
    const isTooMuch = this.#parts.length > mostContinuations || this.#bytes > this.#mostBytes || part.length === 0
    return isTooMuch ? violation('enhanceYourCalm', 'too many, too long or empty CONTINUATION frames') : undefined
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
