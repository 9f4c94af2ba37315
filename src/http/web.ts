import { ProxyError, toProxyError } from '../errors.ts'
import { emptyBody, isEmptyBody, ownedBody, type Body } from './body.ts'
import type { Headers as HeaderList } from './headers.ts'
import { requestTarget, type HttpRequest, type HttpResponse } from './message.ts'
import { pullBody } from './pull-body.ts'
import { wireName } from './wire-name.ts'

/**
 * The request as the platform's own type, for code that is written against it. The body can be read once, here or
 * there. `url` is as URL parses it, so the path is normalised; `method` is the client's, which Bun would turn into GET
 * when it does not know it.
 */
export function toWebRequest(request: HttpRequest): Request {
  const { client, signal } = request.exchange
  const scheme = client.tls === undefined ? 'http' : 'https'
  const host = request.host === '' ? 'localhost' : request.host
  const made = new Request(`${scheme}://${host}${requestTarget(request)}`, {
    method: request.method,
    headers: toWebHeaders(request),
    body: isEmptyBody(request.body) ? null : toWebStream(request.body),
    signal,
  })
  if (made.method !== request.method) Object.defineProperty(made, 'method', { value: request.method })
  return made
}

/** What a rejected read of a platform stream is to count as; `toProxyError` unless told. */
export type Blame = (thrown: unknown) => ProxyError

/**
 * A response of the platform as ours. Its body is pulled, so that a slow client slows the writer, and cancelled when
 * nobody wants it. A Content-Length is a promise that is kept: a body that has not that many bytes fails.
 */
export function fromWebResponse(response: Response, blame: Blame = toProxyError): HttpResponse {
  return convert(response, { blame })
}

function convert(response: Response, terms: StreamTerms): HttpResponse {
  const { headers, length } = webHead(response)
  const { status } = response
  if (response.body === null) return { status, headers, body: emptyBody, announcedLength: length }
  return { status, headers, body: fromWebStream(response.body, { ...terms, length }) }
}

/**
 * As `fromWebResponse`, but takes a small body whole before the head goes on: a stream of one piece costs three times as
 * much. Only where its length is told, so that nothing of unknown length (events, long polls) is ever held back. For what
 * `fetch` has answered, whose pieces nobody else has.
 */
export async function fromSmallWebResponse(response: Response, blame: Blame = toProxyError): Promise<HttpResponse> {
  const written = response.headers.get('content-length')
  if (written === null || !/^[1-9]\d{0,4}$/.test(written) || Number(written) > smallBodyBytes) {
    return convert(response, { blame, ownsPieces: true })
  }
  const { headers, length } = webHead(response)
  const bytes = await response.bytes().catch((thrown) => Promise.reject(blame(thrown)))
  if (bytes.length === 0) return { status: response.status, headers, body: emptyBody, announcedLength: length }
  if (bytes.length === length) return { status: response.status, headers, body: ownedBody(bytes) }
  throw new ProxyError('upstream.truncated', `body of ${bytes.length} bytes where ${written} were announced`)
}

const smallBodyBytes = 64 * 1024

/** The fields that are passed on, in Go's spelling, and the length that is announced. */
function webHead(response: Response): { readonly headers: HeaderList; readonly length: number | undefined } {
  const headers: string[] = []
  let written: string | undefined
  // Set-Cookie comes once for each cookie, every other name once.
  for (const [name, value] of response.headers) {
    if (name === 'content-length') written = value
    else if (name !== 'transfer-encoding') headers.push(wireName(name), value)
  }
  return { headers, length: contentLength(written) }
}

/** A body of ours as a stream of the platform; nothing is read before it is asked for. */
export function toWebStream(body: Body): ReadableStream<Uint8Array<ArrayBufferLike>> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.read()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
      cancel(reason) {
        body.cancel(
          reason instanceof ProxyError ? reason : new ProxyError('proxy.unexpected', 'body not wanted', reason),
        )
      },
    },
    // Without it a stream reads one piece ahead at once, and a request that is never forwarded would start flowing.
    { highWaterMark: 0 },
  )
}

export interface StreamTerms {
  /** Checked against what comes. */
  readonly length?: number | undefined
  readonly blame?: Blame
  /** As in `Pull`. */
  readonly ownsPieces?: boolean
}

/** A stream of the platform as a body of ours. */
export function fromWebStream(stream: ReadableStream<Uint8Array>, terms: StreamTerms = {}): Body {
  const { length, blame = toProxyError, ownsPieces = false } = terms
  if (length === 0) {
    discard(stream.cancel())
    return emptyBody
  }
  const reader = stream.getReader()
  let received = 0
  return pullBody({
    length,
    ownsPieces,
    async read() {
      const { done, value } = await reader.read().catch((thrown) => Promise.reject(blame(thrown)))
      received += value?.length ?? 0
      if (length !== undefined && (done ? received < length : received > length)) {
        discard(reader.cancel())
        throw new ProxyError('upstream.truncated', `body of ${received} bytes where ${length} were announced`)
      }
      return done ? undefined : value
    },
    cancel: (reason) => discard(reader.cancel(reason)),
  })
}

function toWebHeaders(request: HttpRequest): Headers {
  const headers = new Headers()
  const fields = request.headers
  for (let at = 0; at < fields.length; at += 2) headers.append(fields[at]!, fields[at + 1]!)
  if (request.host !== '') headers.set('Host', request.host)
  const { length } = request.body
  if (length !== undefined && length > 0) headers.set('Content-Length', String(length))
  return headers
}

function contentLength(written: string | undefined): number | undefined {
  return written !== undefined && /^\d{1,15}$/.test(written) ? Number(written) : undefined
}

/** A stream that has failed rejects its cancelling as well; the failure has been told by `read`. */
function discard(promise: Promise<void>): void {
  promise.catch(() => {})
}
