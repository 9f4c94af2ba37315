import { TokenBucket } from './token-bucket.ts'

/** Error codes of RFC 9113 §7 that the guard closes connections with. */
export const errorCodes = { protocolError: 0x1, streamClosed: 0x5, enhanceYourCalm: 0xb } as const

export interface Violation {
  readonly code: number
  readonly detail: string
}

export interface FrameGuardOptions {
  /** Of one field section as it comes, compressed. */
  readonly maxHeaderBlockBytes: number
}

const DATA = 0x0
const HEADERS = 0x1
const PRIORITY = 0x2
const RST_STREAM = 0x3
const SETTINGS = 0x4
const PING = 0x6
const WINDOW_UPDATE = 0x8
const CONTINUATION = 0x9
const END_STREAM = 0x1
const ACK = 0x1
const END_HEADERS = 0x4

const prefaceBytes = 24
const frameHeadBytes = 9
/** Ids of streams that are remembered as open, and as ended by the client; older ones are the engine's to judge. */
const mostRemembered = 2048
const mostContinuations = 128

/**
 * Walks the frame heads of a client's bytes, ahead of the engine, and judges what the engine lets pass: frames on
 * streams that are not open (h2spec 5.1), and floods of frames that cost the client nothing. Reads nine bytes of each
 * frame and keeps no payload.
 */
export class FrameGuard {
  readonly #options: FrameGuardOptions
  /** A client that opens streams only to reset them (CVE-2023-44487). The engine's own limit is 1000. */
  readonly #resets = new TokenBucket(500, 50)
  /** PING, SETTINGS, PRIORITY, unknown and empty frames: each costs us an answer or a look, and the client nothing. */
  readonly #idleFrames = new TokenBucket(500, 100)
  readonly #head = Buffer.alloc(frameHeadBytes)
  readonly #open = new Set<number>()
  readonly #ended = new Set<number>()
  #headLength = 0
  #payloadLeft = prefaceBytes
  #lastStreamId = 0
  #blockBytes = 0
  #continuations = 0
  #inHeaderBlock = false

  constructor(options: FrameGuardOptions) {
    this.#options = options
  }

  /** The greatest number that the client has given to a stream. */
  get lastStreamId(): number {
    return this.#lastStreamId
  }

  /** True between a HEADERS frame and the end of its field section: the engine keeps bytes that nobody can use yet. */
  get isInHeaderBlock(): boolean {
    return this.#inHeaderBlock
  }

  /** Judges the next bytes. A violation ends the connection: nothing of these bytes may reach the engine. */
  inspect(bytes: Buffer): Violation | undefined {
    let at = 0
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const passed = Math.min(this.#payloadLeft, bytes.length - at)
        this.#payloadLeft -= passed
        at += passed
        continue
      }
      const wanted = Math.min(frameHeadBytes - this.#headLength, bytes.length - at)
      bytes.copy(this.#head, this.#headLength, at, at + wanted)
      this.#headLength += wanted
      at += wanted
      if (this.#headLength < frameHeadBytes) return undefined
      this.#headLength = 0
      const violation = this.#judge()
      if (violation !== undefined) return violation
    }
    return undefined
  }

  #judge(): Violation | undefined {
    const head = this.#head
    const length = (head[0]! << 16) | (head[1]! << 8) | head[2]!
    const flags = head[4]!
    const stream = head.readUInt32BE(5) & 0x7fff_ffff
    this.#payloadLeft = length
    switch (head[3]) {
      case DATA:
        return this.#judgeData(stream, length, flags)
      case HEADERS:
        return this.#judgeHeaders(stream, length, flags)
      case CONTINUATION:
        return this.#judgeContinuation(length, flags)
      case RST_STREAM:
        if (stream > this.#lastStreamId) return idle('RST_STREAM')
        this.#endedByClient(stream)
        return this.#resets.take() ? undefined : calm('too many RST_STREAM frames')
      case WINDOW_UPDATE:
        return stream > this.#lastStreamId ? idle('WINDOW_UPDATE') : undefined
      case PING:
      case SETTINGS:
        return (flags & ACK) !== 0 ? undefined : this.#spendIdle(head[3] === PING ? 'PING' : 'SETTINGS')
      case PRIORITY:
        return this.#spendIdle('PRIORITY')
      default:
        return this.#spendIdle('unknown')
    }
  }

  #judgeData(stream: number, length: number, flags: number): Violation | undefined {
    if (stream > this.#lastStreamId) return idle('DATA')
    if (this.#ended.has(stream)) return closed('DATA')
    const endsStream = (flags & END_STREAM) !== 0
    if (endsStream) this.#endedByClient(stream)
    return length === 0 && !endsStream ? this.#spendIdle('empty DATA') : undefined
  }

  #judgeHeaders(stream: number, length: number, flags: number): Violation | undefined {
    if (this.#ended.has(stream)) return closed('HEADERS')
    if (stream > this.#lastStreamId) {
      this.#lastStreamId = stream
      remember(this.#open, stream)
    } else if (!this.#open.has(stream)) {
      // RFC 9113 §5.1.1: a new stream has a greater number than all before; a lower one that is not open never was.
      return { code: errorCodes.protocolError, detail: 'a stream number that is not greater than those before' }
    }
    if ((flags & END_STREAM) !== 0) this.#endedByClient(stream)
    this.#inHeaderBlock = (flags & END_HEADERS) === 0
    this.#blockBytes = length
    this.#continuations = 0
    return undefined
  }

  #judgeContinuation(length: number, flags: number): Violation | undefined {
    this.#inHeaderBlock = (flags & END_HEADERS) === 0
    this.#blockBytes += length
    this.#continuations += 1
    const isTooMuch =
      this.#continuations > mostContinuations || this.#blockBytes > this.#options.maxHeaderBlockBytes || length === 0
    return isTooMuch ? calm('too many, too long or empty CONTINUATION frames') : undefined
  }

  #endedByClient(stream: number): void {
    this.#open.delete(stream)
    remember(this.#ended, stream)
  }

  #spendIdle(name: string): Violation | undefined {
    return this.#idleFrames.take() ? undefined : calm(`too many ${name} frames`)
  }
}

function remember(streams: Set<number>, stream: number): void {
  streams.add(stream)
  if (streams.size <= mostRemembered) return
  for (const oldest of streams) {
    streams.delete(oldest)
    return
  }
}

function idle(name: string): Violation {
  return { code: errorCodes.protocolError, detail: `a ${name} frame on a stream that was never opened` }
}

function closed(name: string): Violation {
  return { code: errorCodes.streamClosed, detail: `a ${name} frame on a stream that the client has ended` }
}

function calm(detail: string): Violation {
  return { code: errorCodes.enhanceYourCalm, detail }
}
