import { postgresSslRequest } from '../net/postgres.ts'

/** `incomplete`: all bytes so far agree, more are wanted to tell. */
export type PrefaceMatch = 'yes' | 'no' | 'incomplete'

const http2Preface = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Whether a PostgreSQL client asks for TLS; it sends its ClientHello only after the answer `S`. */
export function matchPostgresSslRequest(bytes: Uint8Array): PrefaceMatch {
  return matchPreface(bytes, postgresSslRequest)
}

/** RFC 9113 §3.4. The preface looks like a request so that HTTP/1 servers refuse it. */
export function matchHttp2Preface(bytes: Uint8Array): PrefaceMatch {
  return matchPreface(bytes, http2Preface)
}

function matchPreface(bytes: Uint8Array, preface: Uint8Array): PrefaceMatch {
  const known = Math.min(bytes.length, preface.length)
  for (let at = 0; at < known; at++) {
    if (bytes[at] !== preface[at]) return 'no'
  }
  return known === preface.length ? 'yes' : 'incomplete'
}
