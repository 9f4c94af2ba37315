import { pullBody } from '../../src/http/pull-body.ts'
import { emptyBody, textBody, type Body } from '../../src/http/body.ts'
import { Exchange, type ClientFacts, type TlsFacts } from '../../src/http/exchange.ts'
import { headerValues, noHeaders } from '../../src/http/headers.ts'
import type { Handler, HttpRequest, HttpResponse, Middleware } from '../../src/http/message.ts'

export const someTls: TlsFacts = {
  serverName: 'a.test',
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  alpn: 'http/1.1',
  optionsName: 'default',
  peerCertificates: () => [],
}

const someClient: ClientFacts = {
  address: '203.0.113.9',
  port: 40123,
  localAddress: '127.0.0.1',
  localPort: 80,
  tls: undefined,
}

export interface RequestParts extends Partial<Omit<HttpRequest, 'exchange'>> {
  readonly client?: Partial<ClientFacts>
}

/** A request as a server would hand it on, `GET http://a.test/` unless told otherwise. */
export function makeRequest({ client, ...parts }: RequestParts = {}): HttpRequest {
  return {
    method: 'GET',
    path: '/',
    query: undefined,
    host: 'a.test',
    version: '1.1',
    headers: noHeaders,
    body: emptyBody,
    span: undefined,
    exchange: new Exchange('web', { ...someClient, ...client }, 0),
    ...parts,
  }
}

/** A response as a server behind the proxy would give it. */
export function makeResponse(parts: Partial<HttpResponse> = {}): HttpResponse {
  return { status: 200, headers: noHeaders, body: textBody('hello'), ...parts }
}

export interface Passage {
  /** What the next handler was given; undefined when it was not called. */
  readonly received: HttpRequest | undefined
  readonly response: HttpResponse
}

/** Sends one request through a middleware that has an answering handler behind it. */
export async function pass(
  middleware: Middleware,
  request: HttpRequest,
  answer: HttpResponse = makeResponse(),
): Promise<Passage> {
  let received: HttpRequest | undefined
  const next: Handler = (given) => {
    received = given
    return Promise.resolve(answer)
  }
  const response = await middleware(next)(request)
  return { received, response }
}

/** A body whose length nobody knows beforehand, and that tells whether it was cancelled. */
export function chunkedBody(text: string, cancelled: () => void = () => {}): Body {
  let left: Uint8Array | undefined = Buffer.from(text)
  return pullBody({
    read: () => {
      const piece = left
      left = undefined
      return Promise.resolve(piece)
    },
    cancel: cancelled,
  })
}

/** The fields as an object, values of one name joined by ` | `: easy to compare whole. */
export function asObject(headers: readonly string[]): Record<string, string> {
  const names = headers.filter((_, at) => at % 2 === 0)
  return Object.fromEntries(names.map((name) => [name, headerValues(headers, name.toLowerCase()).join(' | ')]))
}

/** The whole of a body, read piece by piece. */
export async function readText(body: Body): Promise<string> {
  const pieces: Uint8Array[] = []
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}
