import type { Span } from '@opentelemetry/api'
import { toProxyError, type ProxyError } from '../errors.ts'
import { incomingResponseHeaders, outgoingRequestHeaders, upgradeProtocol } from '../http/connection-headers.ts'
import type { Exchange } from '../http/exchange.ts'
import { hasHeader, headerValue } from '../http/headers.ts'
import { requestTarget, type Handler, type HttpRequest, type HttpResponse } from '../http/message.ts'
import { ObservedBody, type BodyObserver } from '../http/observed-body.ts'
import { forwardedQuery } from '../http/target.ts'
import { injectTrace } from '../observe/propagation.ts'
import { endClientSpan, failSpan, startClientSpan } from '../observe/trace-layer.ts'
import type { ForwardTarget } from '../service/define.ts'
import type { OutgoingRequest } from './transport.ts'

export interface ForwardOptions extends ForwardTarget {
  /** False for entry points that say `notAppendXForwardedFor`. */
  readonly appendsForwardedFor: (entryPoint: string) => boolean
}

/** The Handler of one server: rewrites the head, sends it, gives the answer back. Rejects with a ProxyError. */
export function forward(options: ForwardOptions): Handler {
  const { server, transport } = options
  return async (request) => {
    const { exchange } = request
    const startedAt = performance.now()
    exchange.serverUrl = server.origin
    const span = startClientSpan('ReverseProxy', request, server.origin)
    try {
      const response = await transport.send(outgoing(request, options, span))
      if (span !== undefined) endClientSpan(span, response)
      return incoming(response, exchange, startedAt)
    } catch (thrown) {
      const error = toProxyError(thrown)
      exchange.originDurationMs = performance.now() - startedAt
      exchange.failedServers ??= new Set()
      exchange.failedServers.add(server.origin)
      if (span !== undefined) failSpan(span, error)
      throw error
    }
  }
}

function outgoing(request: HttpRequest, options: ForwardOptions, span: Span | undefined): OutgoingRequest {
  const { server, passHostHeader, basePath, appendsForwardedFor } = options
  const appendForwardedFor = appendsForwardedFor(request.exchange.entryPoint)
  const cleaned = outgoingRequestHeaders(request, { appendForwardedFor })
  const headers = span === undefined ? cleaned : injectTrace(cleaned, span)
  const path = basePath === '' ? request.path : joinPath(basePath, request.path)
  return {
    method: request.method,
    target: requestTarget({ path, query: forwardedQuery(request.query) }),
    host: passHostHeader && request.host !== '' ? request.host : server.authority,
    headers,
    body: request.body,
    server,
    exchange: request.exchange,
    upgrade: hasHeader(headers, 'upgrade') ? upgradeProtocol(headers) : undefined,
    expectContinue: headerValue(headers, 'expect')?.toLowerCase() === '100-continue',
  }
}

function incoming(response: HttpResponse, exchange: Exchange, startedAt: number): HttpResponse {
  exchange.originStatus = response.status
  exchange.originHeaders = response.headers
  const headers = incomingResponseHeaders(response.headers, response.status)
  const { body } = response
  if (body.length === 0 || body.isInMemory === true) {
    exchange.originDurationMs = performance.now() - startedAt
    exchange.originBytes = body.length!
    return headers === response.headers ? response : { ...response, headers }
  }
  const observer = new OriginObserver(exchange, startedAt)
  const observed = new ObservedBody(body, observer)
  observer.body = observed
  return { ...response, headers, body: observed }
}

/** Writes down when the server's last byte came, and how many there were. */
class OriginObserver implements BodyObserver {
  body: ObservedBody | undefined
  readonly #exchange: Exchange
  readonly #startedAt: number

  constructor(exchange: Exchange, startedAt: number) {
    this.#exchange = exchange
    this.#startedAt = startedAt
  }

  ended(): void {
    this.#exchange.originDurationMs = performance.now() - this.#startedAt
    this.#exchange.originBytes = this.body?.bytes ?? 0
  }

  failed(error: ProxyError): ProxyError {
    this.ended()
    return error
  }
}

/** Exactly one slash between the two. */
function joinPath(base: string, path: string): string {
  const head = base.endsWith('/') ? base.slice(0, -1) : base
  return path.startsWith('/') ? head + path : `${head}/${path}`
}
