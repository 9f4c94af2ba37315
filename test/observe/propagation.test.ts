import { createTraceState, type Span, trace, TraceFlags } from '@opentelemetry/api'
import { describe, expect, test } from 'bun:test'
import { injectTrace, parentState, remoteParent } from '../../src/observe/propagation.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${spanId}-01`

describe('a traceparent', () => {
  test.each([
    ['that is sampled', sampled, 'sampled'],
    ['that is not', `00-${traceId}-${spanId}-00`, 'unsampled'],
    ['with other flags and the sampled one', `00-${traceId}-${spanId}-03`, 'sampled'],
    ['with other flags only', `00-${traceId}-${spanId}-fe`, 'unsampled'],
    ['of a later version', `cc-${traceId}-${spanId}-01`, 'sampled'],
    ['of a later version with more fields', `cc-${traceId}-${spanId}-01-what-ever`, 'sampled'],
    ['of a later version with a tail that is no field', `cc-${traceId}-${spanId}-01.what`, 'absent'],
    ['of version 00 with more fields', `${sampled}-00`, 'absent'],
    ['of the version that cannot be', `ff-${traceId}-${spanId}-01`, 'absent'],
    ['with a version that is not hexadecimal', `0x-${traceId}-${spanId}-01`, 'absent'],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`, 'absent'],
    ['with a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`, 'absent'],
    ['in upper case', sampled.toUpperCase(), 'absent'],
    ['with a trace id too short', `00-${traceId.slice(1)}-${spanId}-01`, 'absent'],
    ['with a trace id that is not hexadecimal', `00-${traceId.slice(1)}g-${spanId}-01`, 'absent'],
    ['with a span id that is not hexadecimal', `00-${traceId}-${spanId.slice(1)}.-01`, 'absent'],
    ['with flags that are not hexadecimal', `00-${traceId}-${spanId}-0x`, 'absent'],
    ['with flags too short', `00-${traceId}-${spanId}-1`, 'absent'],
    ['with other separators', sampled.replaceAll('-', '_'), 'absent'],
    ['with space before it', ` ${sampled}`, 'absent'],
    ['that is empty', '', 'absent'],
  ] as const)('%s is read as such', (_, value, state) => {
    const headers = ['TraceParent', value]
    expect(parentState(headers)).toBe(state)
    expect(remoteParent(headers) === undefined).toBe(state === 'absent')
  })

  test('that is missing is absent', () => {
    expect(parentState(['tracestate', 'a=1'])).toBe('absent')
    expect(remoteParent([])).toBeUndefined()
  })

  test('that comes twice is absent', () => {
    expect(parentState(['traceparent', sampled, 'Traceparent', sampled])).toBe('absent')
  })

  test('gives the caller with its state, the fields of which are joined', () => {
    const parent = remoteParent(['tracestate', 'a=1', 'traceparent', sampled, 'TraceState', 'b=2'])
    expect(parent).toMatchObject({ traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true })
    expect(parent?.traceState?.serialize()).toBe('a=1,b=2')
  })
})

describe('injecting', () => {
  const span = (traceState?: string): Span =>
    trace.wrapSpanContext({
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
      ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
    })

  test('adds the span as the caller', () => {
    expect(injectTrace(['Accept', '*/*'], span())).toEqual(['Accept', '*/*', 'traceparent', sampled])
  })

  test('takes the place of what came in and leaves baggage', () => {
    const headers = ['Traceparent', 'old', 'Baggage', 'user=1', 'TraceState', 'old=1', 'A', 'b']
    expect(injectTrace(headers, span('a=1'))).toEqual([
      ...['Baggage', 'user=1', 'A', 'b'],
      ...['traceparent', sampled, 'tracestate', 'a=1'],
    ])
    expect(headers).toHaveLength(8)
  })

  test('can be read back', () => {
    expect(remoteParent(injectTrace([], span('a=1')))).toMatchObject({ traceId, spanId })
  })
})
