import { createHash, randomBytes } from 'node:crypto'
import { headerValue, withoutHeader, type Headers } from '../http/headers.ts'

/**
 * A WebSocket over HTTP/2 is asked for by an extended CONNECT (RFC 8441). Layers and servers see the handshake that
 * HTTP/1.1 has for it, so that rules, middlewares and servers need to know one kind of WebSocket only. Its key, which
 * the client leaves out, is ours.
 */
export class WebSocketHandshake {
  readonly #key = randomBytes(16).toString('base64')

  /** The fields of the client with those that only HTTP/1.1 has. */
  request(headers: Headers): Headers {
    const own = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', this.#key]
    return [...withoutHeader(headers, 'sec-websocket-key').map(spell), ...own]
  }

  /** Whether the server has understood what it agrees to, and is no cache that plays back another's answer. */
  isAccepted(headers: Headers): boolean {
    const expected = createHash('sha1')
      .update(this.#key + keySuffix)
      .digest('base64')
    return headerValue(headers, 'sec-websocket-accept') === expected
  }

  /** The fields of the server's 101 without those that only HTTP/1.1 has. */
  response(headers: Headers): Headers {
    return withoutHeader(headers, 'sec-websocket-accept')
  }
}

/** As RFC 6455 writes the names, and as servers exist that insist on them. */
function spell(text: string, at: number): string {
  return at % 2 === 0 ? text.replace(/^Sec-Websocket-/, 'Sec-WebSocket-') : text
}

/** RFC 6455 §1.3. */
const keySuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
