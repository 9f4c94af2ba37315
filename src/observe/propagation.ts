import { createTraceState, type Span, type SpanContext, TraceFlags } from '@opentelemetry/api'
import { type Headers, isName, joinedHeader } from '../http/headers.ts'

/** W3C Trace Context: what a `traceparent` says. `absent` also where it is malformed or sent twice. */
export type ParentState = 'absent' | 'unsampled' | 'sampled'

const version00Length = 55

/** Looks without making anything, since it is asked for every request. */
export function parentState(headers: Headers): ParentState {
  const text = singleTraceparent(headers)
  if (text === undefined || !isTraceparent(text)) return 'absent'
  return (hexDigit(text, 54) & TraceFlags.SAMPLED) === 0 ? 'unsampled' : 'sampled'
}

/** The caller's span; undefined when `parentState` is `absent`. */
export function remoteParent(headers: Headers): SpanContext | undefined {
  const text = singleTraceparent(headers)
  if (text === undefined || !isTraceparent(text)) return undefined
  const traceState = joinedHeader(headers, 'tracestate')
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    traceFlags: hexDigit(text, 54) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
  }
}

/** Headers in which `span` is the caller; baggage and everything else stay as they are. */
export function injectTrace(headers: Headers, span: Span): Headers {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const injected: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (!isName(name, 'traceparent') && !isName(name, 'tracestate')) injected.push(name, headers[at + 1]!)
  }
  injected.push('traceparent', `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`)
  const state = traceState?.serialize()
  if (state !== undefined && state !== '') injected.push('tracestate', state)
  return injected
}

/** A second field makes it unclear who called, so neither counts (Trace Context §3.2). */
function singleTraceparent(headers: Headers): string | undefined {
  let found: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    if (!isName(headers[at]!, 'traceparent')) continue
    if (found !== undefined) return undefined
    found = headers[at + 1]
  }
  return found
}

/** Lower-case hexadecimal only; a later version may add fields after the flags (Trace Context §3.2.2, §4.3). */
function isTraceparent(text: string): boolean {
  if (text.length < version00Length || text[2] !== '-' || text[35] !== '-' || text[52] !== '-') return false
  if (!isHex(text, 0, 2) || !isHex(text, 53, 55) || text.startsWith('ff')) return false
  if (text.length > version00Length && (text.startsWith('00') || text[version00Length] !== '-')) return false
  return isIdentifier(text, 3, 35) && isIdentifier(text, 36, 52)
}

/** Hexadecimal and not all zeros. */
function isIdentifier(text: string, from: number, to: number): boolean {
  if (!isHex(text, from, to)) return false
  for (let at = from; at < to; at++) if (text[at] !== '0') return true
  return false
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (hexDigit(text, at) < 0) return false
  return true
}

function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}
