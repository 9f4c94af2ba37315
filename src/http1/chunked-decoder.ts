import { noHeaders, type Headers } from '../http/headers.ts'
import type { BodyDecoder, DecodeResult, PieceSink } from './body-decoder.ts'
import { parseFields } from './fields.ts'
import { charClass, CR, LF, VALUE } from './scan.ts'

/**
 *     size ──CR──▶ sizeEnd ──LF──▶ data ──▶ dataEnd ──CR──▶ dataEndLf ──LF──▶ size
 *       └─ ; ─▶ extension ──CR─┘     └ size 0 ▶ trailer ──empty line──▶ ended
 *     any ──an octet that does not belong──▶ bad
 */
type Phase = 'size' | 'extension' | 'sizeEnd' | 'data' | 'dataEnd' | 'dataEndLf' | 'trailer' | 'ended' | 'bad'

const SEMICOLON = 0x3b
/** Digits of a chunk size, leading zeros counted. */
const maxSizeDigits = 16
const maxExtensionBytes = 4096
const maxTrailerBytes = 64 * 1024
/**
 * Bytes of framing beyond 16 a chunk and twice its data, over the whole body: one-byte chunks with long extensions
 * make a receiver read and drop gigabytes (CVE-2023-39326). The figures are Go's.
 */
const maxExcessBytes = 16 * 1024
const freeBytesPerChunk = 16

// chunk-ext of RFC 9112 §7.1.1, except that white space before a semicolon is refused.
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const quoted = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"'
const extensions = new RegExp(`^(?:;[\\t ]*${token}(?:[\\t ]*=[\\t ]*(?:${token}|${quoted}))?)+$`)

const more: DecodeResult = { kind: 'more' }

/** The chunked transfer coding, strict: what one parser may read otherwise than another is refused. */
export class ChunkedDecoder implements BodyDecoder {
  trailers: Headers = noHeaders
  readonly #maxTrailerBytes: number
  readonly #maxFields: number
  #phase: Phase = 'size'
  #fault = ''
  /** Of the chunk whose size line is being read; then what is left of its data. */
  #size = 0
  #digits = 0
  #extension = ''
  #excess = 0
  #trailerLine = ''
  #trailerText = ''

  constructor(limits: { readonly maxHeadBytes: number; readonly maxFields: number }) {
    this.#maxTrailerBytes = Math.min(limits.maxHeadBytes, maxTrailerBytes)
    this.#maxFields = limits.maxFields
  }

  decode(bytes: Buffer, from: number, sink: PieceSink): DecodeResult {
    let at = from
    while (at < bytes.length && this.#phase !== 'ended' && this.#phase !== 'bad') at = this.#step(bytes, at, sink)
    if (this.#phase === 'bad') return { kind: 'bad', detail: this.#fault }
    return this.#phase === 'ended' ? { kind: 'end', end: at } : more
  }

  finish(): 'complete' | 'truncated' {
    return this.#phase === 'ended' ? 'complete' : 'truncated'
  }

  /** Takes at least one byte, unless it fails. Gives the offset behind what it took. */
  #step(bytes: Buffer, at: number, sink: PieceSink): number {
    switch (this.#phase) {
      case 'size':
        return this.#readSize(bytes, at)
      case 'extension':
        return this.#readExtension(bytes, at)
      case 'sizeEnd':
        return bytes[at] === LF ? this.#endSizeLine(at) : this.#fail('a chunk size line that ends without CRLF', at)
      case 'data':
        return this.#readData(bytes, at, sink)
      case 'dataEnd':
        return bytes[at] === CR ? this.#enter('dataEndLf', at) : this.#fail('a chunk longer than its size', at)
      case 'dataEndLf':
        return bytes[at] === LF ? this.#enter('size', at) : this.#fail('a chunk that ends without CRLF', at)
      default:
        return this.#readTrailer(bytes, at)
    }
  }

  #readSize(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const octet = bytes[at]!
      const digit = hexDigit(octet)
      if (digit < 0) return this.#endSize(octet, at)
      this.#digits += 1
      this.#size = this.#size * 16 + digit
      if (this.#digits > maxSizeDigits || this.#size > Number.MAX_SAFE_INTEGER) {
        return this.#fail('a chunk size that is too large', at)
      }
    }
    return bytes.length
  }

  #endSize(octet: number, at: number): number {
    if (this.#digits === 0) return this.#fail('a chunk without a size', at)
    if (octet === CR) return this.#enter('sizeEnd', at)
    if (octet !== SEMICOLON) return this.#fail('a chunk size that is not a hexadecimal number', at)
    this.#phase = 'extension'
    return at
  }

  #readExtension(bytes: Buffer, from: number): number {
    let at = from
    while (at < bytes.length && (charClass[bytes[at]!]! & VALUE) !== 0) at++
    this.#extension += bytes.toString('latin1', from, at)
    if (this.#extension.length > maxExtensionBytes) return this.#fail('a chunk extension that is too long', at)
    if (at === bytes.length) return at
    if (bytes[at] !== CR || !extensions.test(this.#extension)) return this.#fail('a malformed chunk extension', at)
    return this.#enter('sizeEnd', at)
  }

  #endSizeLine(at: number): number {
    const lineBytes = this.#digits + this.#extension.length + 2
    this.#excess = Math.max(0, this.#excess + lineBytes - freeBytesPerChunk - 2 * this.#size)
    if (this.#excess > maxExcessBytes) return this.#fail('more chunk framing than data', at)
    this.#digits = 0
    this.#extension = ''
    return this.#enter(this.#size === 0 ? 'trailer' : 'data', at)
  }

  #readData(bytes: Buffer, from: number, sink: PieceSink): number {
    const end = Math.min(bytes.length, from + this.#size)
    this.#size -= end - from
    if (this.#size === 0) this.#phase = 'dataEnd'
    sink.push(end - from === bytes.length ? bytes : bytes.subarray(from, end))
    return end
  }

  #readTrailer(bytes: Buffer, from: number): number {
    const lineFeed = bytes.indexOf(LF, from)
    const end = lineFeed < 0 ? bytes.length : lineFeed + 1
    this.#trailerLine += bytes.toString('latin1', from, end)
    const length = this.#trailerText.length + this.#trailerLine.length
    if (length > this.#maxTrailerBytes) return this.#fail('a trailer section that is too long', end)
    if (lineFeed < 0) return end
    const line = this.#trailerLine
    this.#trailerLine = ''
    if (!line.endsWith('\r\n')) return this.#fail('a trailer line that ends without CR', end)
    if (line === '\r\n') return this.#endTrailer(end)
    this.#trailerText += line
    return end
  }

  #endTrailer(end: number): number {
    const fields = parseFields(this.#trailerText, 0, this.#maxFields)
    if (fields.kind === 'bad') return this.#fail(`in the trailer section: ${fields.detail}`, end)
    const { host, contentLength, transferEncoding, headers } = fields
    // RFC 9110 §6.5.1: whoever merges trailers into headers would frame or route the message a second time.
    if (host !== undefined || contentLength !== undefined || transferEncoding !== undefined) {
      return this.#fail('a framing or routing field in the trailer section', end)
    }
    this.trailers = headers
    this.#phase = 'ended'
    return end
  }

  #enter(phase: Phase, at: number): number {
    this.#phase = phase
    return at + 1
  }

  #fail(detail: string, at: number): number {
    this.#fault = detail
    this.#phase = 'bad'
    return at
  }
}

/** −1 for what is not a hexadecimal digit. */
function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const lower = octet | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
