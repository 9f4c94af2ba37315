import { bad, type BadHead } from './bad-head.ts'
import type { HeadLimits } from './head.ts'
import { parseRequestLine, targetTooLong } from './request-line.ts'
import { charClass, CR, LF, SP, TOKEN } from './scan.ts'

/** Octets of a head from `start` on, without the empty line at its end; those before `scanned` were judged earlier. */
export interface PartOfHead {
  readonly bytes: Buffer
  readonly start: number
  readonly scanned: number
}

type Judgement = { readonly kind: 'incomplete' } | BadHead

const incomplete = { kind: 'incomplete' } as const
const afterTargetBytes = ' HTTP/1.1\r'.length

/**
 * What can't become a request any more is told at once: a peer that ends lines with a bare LF, or speaks another
 * protocol, would else wait for the time-out.
 */
export function judgePartOfRequest(part: PartOfHead, limits: HeadLimits): Judgement {
  const { bytes, start, scanned } = part
  if (bytes.length - start > limits.maxHeadBytes) return oversizedRequest(bytes, start, limits)
  if (hasBareLineFeed(part)) return bad('client.malformed', 'a line that ends without CR')
  const lineFeed = bytes.indexOf(LF, start)
  if (lineFeed >= scanned) {
    const line = parseRequestLine(bytes.toString('latin1', start, lineFeed + 1), limits.maxTargetBytes)
    return line.kind === 'bad' ? line : incomplete
  }
  return lineFeed < 0 && start < bytes.length ? judgePartOfLine(bytes, start, limits) : incomplete
}

function judgePartOfLine(bytes: Buffer, start: number, limits: HeadLimits): Judgement {
  const first = bytes[start]!
  if (first !== CR && (charClass[first]! & TOKEN) === 0) return bad('client.malformed', 'not a request line')
  const longest = limits.maxTargetBytes + afterTargetBytes
  if (bytes.length - start <= longest) return incomplete
  const space = bytes.indexOf(SP, start)
  return space >= 0 && bytes.length - space - 1 > longest ? targetTooLong : incomplete
}

export function judgePartOfResponse(part: PartOfHead, limits: HeadLimits): Judgement {
  const { bytes, start } = part
  if (bytes.length - start > limits.maxHeadBytes) {
    return bad('upstream.malformed', `a head of more than ${limits.maxHeadBytes} bytes`)
  }
  const beginning = bytes.toString('latin1', start, Math.min(bytes.length, start + 'HTTP/1.'.length))
  if (!'HTTP/1.'.startsWith(beginning)) return bad('upstream.malformed', 'an answer that is not HTTP/1')
  if (hasBareLineFeed(part)) return bad('upstream.malformed', 'a line that ends without CR')
  return incomplete
}

/** 414 when the request line alone is too long (RFC 9112 §3), else 431. */
export function oversizedRequest(bytes: Buffer, start: number, limits: HeadLimits): BadHead {
  const lineFeed = bytes.indexOf(LF, start)
  if (lineFeed < 0 || lineFeed - start > limits.maxTargetBytes) return targetTooLong
  return bad('client.headTooLarge', `a head of more than ${limits.maxHeadBytes} bytes`)
}

function hasBareLineFeed({ bytes, start, scanned }: PartOfHead): boolean {
  let at = bytes.indexOf(LF, scanned)
  while (at >= 0) {
    if (at === start || bytes[at - 1] !== CR) return true
    at = bytes.indexOf(LF, at + 1)
  }
  return false
}
