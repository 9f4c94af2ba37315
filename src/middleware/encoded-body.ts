import { toProxyError, type ProxyError } from '../errors.ts'
import type { Body } from '../http/body.ts'
import type { Headers } from '../http/headers.ts'
import { pullBody, type Pull } from '../http/pull-body.ts'
import type { Coding } from './accept-encoding.ts'
import { StreamEncoder } from './content-encoder.ts'

/** The body in this coding, of unknown length. One piece is in work at a time, so a slow client slows the source. */
export function encodedBody(source: Body, coding: Coding): Body {
  return pullBody(new EncodedBody(source, coding))
}

interface Ahead {
  readonly piece: Promise<Uint8Array | undefined>
  hasCome: boolean
}

/**
 * Flushes whenever the source has nothing more at hand: an event goes out when it has come, however little it is,
 * while a body that flows loses nothing of its compression to flushes.
 */
class EncodedBody implements Pull {
  readonly #source: Body
  readonly #coding: Coding
  /** Made when the body is first read, since many a response is dropped before that. */
  #encoder: StreamEncoder | undefined
  #ahead: Ahead | undefined
  #state: 'encoding' | 'ended' | 'closed' = 'encoding'

  constructor(source: Body, coding: Coding) {
    this.#source = source
    this.#coding = coding
  }

  trailers(): Headers {
    return this.#source.trailers
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#state !== 'closed') {
      const encoded = this.#encoder?.take()
      if (encoded !== undefined) return encoded
      if (this.#state === 'ended') break
      await this.#advance()
    }
    return undefined
  }

  cancel(reason: ProxyError): void {
    this.#close(reason)
    this.#source.cancel(reason)
  }

  async #advance(): Promise<void> {
    this.#encoder ??= new StreamEncoder(this.#coding)
    try {
      await this.#encodeNext(this.#encoder)
    } catch (thrown) {
      this.cancel(toProxyError(thrown))
      throw thrown
    }
  }

  async #encodeNext(encoder: StreamEncoder): Promise<void> {
    const piece = await (this.#ahead?.piece ?? this.#source.read())
    if (this.#state === 'closed') return
    if (piece === undefined) {
      await encoder.end()
      this.#state = 'ended'
      return
    }
    this.#ahead = readAhead(this.#source)
    await encoder.write(piece)
    if (!this.#ahead.hasCome) await encoder.flush()
  }

  #close(reason: ProxyError): void {
    this.#state = 'closed'
    this.#encoder?.close(reason)
  }
}

function readAhead(source: Body): Ahead {
  const ahead: Ahead = { piece: source.read(), hasCome: false }
  const note = () => {
    ahead.hasCome = true
  }
  ahead.piece.then(note, note)
  return ahead
}
