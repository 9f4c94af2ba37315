import { ProxyError, toProxyError } from '../../errors.ts'
import { bytesBody, emptyBody } from '../../http/body.ts'
import { Exchange, type Cancellable } from '../../http/exchange.ts'
import { hasHeader, withHeader, type Headers } from '../../http/headers.ts'
import { requestTarget, type HttpRequest } from '../../http/message.ts'
import { readWhole } from '../../http/whole-body.ts'
import { injectTrace } from '../../observe/propagation.ts'
import { endClientSpan, failSpan, startClientSpan } from '../../observe/trace-layer.ts'
import type { Transport } from '../../upstream/transport.ts'
import type { AuthServer } from './auth-server.ts'

export interface Question {
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  /** See `HttpResponse.announcedLength`. */
  readonly announcedLength: number | undefined
}

export interface AskOptions {
  readonly server: AuthServer
  readonly transport: Transport
  /** Negative: no limit. */
  readonly maxAnswerBytes: number
  /** For the whole answer. */
  readonly timeoutMs: number
}

/**
 * Asks the auth server about `request`. Undefined when its answer is too large. Rejects with what cancelled the request
 * when the client does not wait any more, else with `upstream.authFailed`.
 */
export async function ask(request: HttpRequest, question: Question, options: AskOptions): Promise<Answer | undefined> {
  using call = new Call(request.exchange, options.timeoutMs)
  const outgoing = outgoingRequest(request, question, options.server)
  const span = startClientSpan('AuthRequest', outgoing, options.server.address.origin)
  try {
    const response = await options.transport.send({
      method: outgoing.method,
      target: requestTarget(outgoing),
      host: outgoing.host,
      headers: span === undefined ? outgoing.headers : injectTrace(outgoing.headers, span),
      body: outgoing.body,
      server: options.server.address,
      exchange: call.exchange,
      upgrade: undefined,
      expectContinue: false,
    })
    const { status, headers, announcedLength } = response
    const body = await readWhole(response.body, options.maxAnswerBytes)
    if (span !== undefined) endClientSpan(span, response)
    return body === undefined ? undefined : { status, headers, body, announcedLength }
  } catch (thrown) {
    const error = failure(toProxyError(thrown), request, options.server)
    if (span !== undefined) failSpan(span, error)
    throw error
  }
}

function outgoingRequest(request: HttpRequest, question: Question, server: AuthServer): HttpRequest {
  const { method, headers, body } = question
  const { authorization, path, query, address } = server
  const ownLogin = authorization !== undefined && !hasHeader(headers, 'authorization')
  return {
    ...request,
    method,
    path,
    query,
    host: address.authority,
    headers: ownLogin ? withHeader(headers, 'Authorization', authorization) : headers,
    body: body === undefined || body.length === 0 ? emptyBody : bytesBody(body),
  }
}

function failure(error: ProxyError, request: HttpRequest, server: AuthServer): ProxyError {
  const { cancelled } = request.exchange
  if (cancelled !== undefined) return cancelled
  return new ProxyError('upstream.authFailed', `auth server ${server.url}: ${error.message}`, error)
}

/** An exchange of its own with the auth server, whose interim responses and figures are not the client's business. */
class Call implements Cancellable, Disposable {
  readonly exchange: Exchange
  readonly #client: Exchange
  readonly #timer: Timer

  constructor(client: Exchange, timeoutMs: number) {
    this.#client = client
    this.exchange = new Exchange(client.entryPoint, client.client, performance.timeOrigin + performance.now())
    const late = () => new ProxyError('upstream.responseTimeout', `no whole answer within ${timeoutMs / 1000} s`)
    this.#timer = setTimeout(() => this.exchange.cancel(late()), timeoutMs)
    client.onCancel(this)
  }

  cancelled(error: ProxyError): void {
    this.exchange.cancel(error)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#client.offCancel(this)
  }
}
