import type { QuicSession, QuicStream } from 'node:quic'
import { fieldPairs } from '../../src/http3/fields.ts'
import { within } from '../provider/within.ts'

export interface Http3Answer {
  /** 0 when there was none. */
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly interim: readonly string[]
  readonly body: Buffer
  readonly trailers: NodeJS.Dict<string | string[]>
  /** The error that the stream has ended with instead. */
  readonly failure: string | undefined
}

export interface Http3Request {
  readonly method?: string
  readonly path?: string
  readonly authority?: string
  readonly fields?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array
  readonly trailers?: Record<string, string>
  /** The end of the request is left to the test. */
  readonly staysOpen?: boolean
}

/** What Bun's streams have and the published types leave out. */
type ClientStream = QuicStream & { resetStream(code: bigint): void; stopSending(code: bigint): void }

/** One request whose ends the test holds. */
export interface Http3Exchange {
  readonly stream: ClientStream
  readonly answer: Promise<Http3Answer>
  /** The answer so far. */
  readonly received: () => string
}

/** An HTTP/3 connection without a mind of its own: it names any server, sends any field, and ends as it is told. */
export class Http3Client implements AsyncDisposable {
  readonly session: QuicSession
  /** Of the certificate: `CN=a.test`. */
  readonly subject: string | undefined

  private constructor(session: QuicSession) {
    this.session = session
    this.subject = session.peerCertificate?.subject
    session.closed.catch(() => {})
  }

  static async connect(port: number, servername = 'a.test'): Promise<Http3Client> {
    const { connect } = await import('node:quic')
    const session = await connect(`127.0.0.1:${port}`, {
      servername,
      alpn: 'h3',
      verifyPeer: 'manual',
      rejectUnauthorized: false,
      reuseEndpoint: false,
    })
    session.closed.catch(() => {})
    await within(session.opened, 'a QUIC handshake')
    return new Http3Client(session)
  }

  async request(parts: Http3Request = {}): Promise<Http3Answer> {
    return within((await this.open(parts)).answer, 'an answer over HTTP/3')
  }

  async open(parts: Http3Request): Promise<Http3Exchange> {
    const { method = 'GET', path = '/', authority = 'a.test', fields, body, trailers: sent, staysOpen = false } = parts
    const interim: string[] = []
    const answered = Promise.withResolvers<NodeJS.Dict<string | string[]>>()
    let trailers: NodeJS.Dict<string | string[]> = {}
    const stream = (await this.session.createBidirectionalStream({
      onheaders: (block) => answered.resolve(block),
      oninfo: (block) => void interim.push(fieldPairs(block).join(' ')),
      ontrailers: (block) => void (trailers = block),
    })) as ClientStream
    const isWhole = body === undefined && !staysOpen
    const head = { ':method': method, ':scheme': 'https', ':authority': authority, ':path': path, ...fields }
    if (sent !== undefined) stream.onwanttrailers = () => void stream.sendTrailers(sent)
    stream.sendHeaders(head as Record<string, string>, { terminal: isWhole })
    if (body !== undefined) stream.writer.writeSync(Buffer.from(body as string))
    if (!isWhole && !staysOpen) stream.writer.endSync()
    const pieces: Uint8Array[] = []
    const read = async (): Promise<Http3Answer> => {
      let failure: string | undefined
      const closed = stream.closed.catch((thrown) => (failure ??= String(thrown)))
      try {
        for await (const batch of stream) pieces.push(...batch)
      } catch (thrown) {
        failure ??= String(thrown)
      }
      await closed
      answered.resolve({})
      const headers = await answered.promise
      const status = Number(headers[':status'] ?? 0)
      return { status, headers, interim, body: Buffer.concat(pieces), trailers, failure }
    }
    return { stream, answer: read(), received: () => Buffer.concat(pieces).toString() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close().catch(() => {})
  }
}

/** HTTP/3 as `fetch` speaks it by itself, over one connection that ends with this object. */
export class Http3Fetch implements Disposable {
  readonly #origin: string
  readonly #session = new Bun.FetchSession({ tls: { rejectUnauthorized: false } })

  constructor(port: number) {
    this.#origin = `https://127.0.0.1:${port}`
  }

  get(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    return this.#session.fetch(this.#origin + path, { decompress: false, ...init, protocol: 'http3' })
  }

  [Symbol.dispose](): void {
    this.#session.close()
  }
}
