import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { type ProxyError, toProxyError } from '../errors.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { clientAttributes, type Disclosure, responseAttributes } from './trace-attributes.ts'

/** What the spans of one request have in common. */
export interface TraceScope {
  readonly tracer: Tracer
  /** False: only the SERVER and CLIENT spans are made (Traefik's `traceVerbosity: minimal`). */
  readonly detailed: boolean
  readonly disclosure: Disclosure
}

// Found by the span, so that layers are built without knowing how, or whether, this process traces.
const scopes = new WeakMap<Span, TraceScope>()

export function enterScope(span: Span, scope: TraceScope): Span {
  scopes.set(span, scope)
  return span
}

/** Epoch milliseconds on the clock of `Exchange.startedAt`: with another one a child could start before its parent. */
export function spanTime(): number {
  return performance.timeOrigin + performance.now()
}

/** `handler` in an INTERNAL span of its own where the request's trace is detailed, else `handler` as it is. */
export function traceLayer(name: string, attributes: Attributes, handler: Handler): Handler {
  return (request) => {
    const parent = request.span
    if (parent === undefined) return handler(request)
    const scope = scopes.get(parent)
    if (scope?.detailed !== true) return handler(request)
    const span = startChild(scope, parent, { name, kind: SpanKind.INTERNAL, attributes })
    return runInSpan(request, span, handler)
  }
}

async function runInSpan(request: HttpRequest, span: Span, handler: Handler): Promise<HttpResponse> {
  try {
    const response = await handler({ ...request, span })
    span.end(spanTime())
    return response
  } catch (thrown) {
    failSpan(span, toProxyError(thrown))
    throw thrown
  }
}

/**
 * The CLIENT span of an exchange with the server at `serverUrl`; `request` is the one that goes out. Undefined when
 * the request is not sampled. To be ended by `endClientSpan` or `failSpan`; hand it to `injectTrace` before sending.
 */
export function startClientSpan(name: string, request: HttpRequest, serverUrl: string): Span | undefined {
  const parent = request.span
  if (parent === undefined) return undefined
  const scope = scopes.get(parent)
  if (scope === undefined) return undefined
  const attributes = clientAttributes(request, serverUrl, scope.disclosure)
  return startChild(scope, parent, { name, kind: SpanKind.CLIENT, attributes })
}

/** Ends a CLIENT span when the head of the response has come. */
export function endClientSpan(span: Span, response: Pick<HttpResponse, 'status' | 'headers'>): void {
  const { status, headers } = response
  const scope = scopes.get(span)
  if (scope !== undefined) span.setAttributes(responseAttributes(status, headers, scope.disclosure))
  if (status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(spanTime())
}

/** Ends a span of any kind with what went wrong. */
export function failSpan(span: Span, error: ProxyError): void {
  span.recordException({ name: error.code, message: error.message })
  span.setAttribute('error.type', error.code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  span.end(spanTime())
}

interface ChildSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
}

function startChild(scope: TraceScope, parent: Span, { name, kind, attributes }: ChildSpan): Span {
  const under = trace.setSpan(ROOT_CONTEXT, parent)
  return enterScope(scope.tracer.startSpan(name, { kind, attributes, startTime: spanTime() }, under), scope)
}
