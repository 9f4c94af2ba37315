/**
 * Every way in which an exchange can fail: who is to blame (the first word), what the client is told, whether another
 * attempt may be made, and how loud the log is. Status codes follow Traefik (TLS and malformed-answer faults are 500).
 *
 * `retry`: `unsent` – no byte of the request has reached a server, so any request may be sent again; `replayable` –
 * the server may have seen it, so only a safe, body-less request may be sent again; `never`.
 */
const table = {
  'client.malformed': { status: 400, retry: 'never', log: 'debug' },
  'client.headTooLarge': { status: 431, retry: 'never', log: 'debug' },
  'client.targetTooLong': { status: 414, retry: 'never', log: 'debug' },
  'client.bodyTooLarge': { status: 413, retry: 'never', log: 'debug' },
  'client.expectation': { status: 417, retry: 'never', log: 'debug' },
  'client.unsupportedCoding': { status: 501, retry: 'never', log: 'debug' },
  'client.connect': { status: 501, retry: 'never', log: 'debug' },
  'client.version': { status: 505, retry: 'never', log: 'debug' },
  'client.headTimeout': { status: 408, retry: 'never', log: 'debug' },
  'client.bodyTimeout': { status: 408, retry: 'never', log: 'info' },
  'client.reset': { status: 499, retry: 'never', log: 'debug' },
  'upstream.refused': { status: 502, retry: 'unsent', log: 'warn' },
  'upstream.unresolved': { status: 502, retry: 'unsent', log: 'warn' },
  'upstream.unreachable': { status: 502, retry: 'unsent', log: 'warn' },
  'upstream.dialTimeout': { status: 504, retry: 'unsent', log: 'warn' },
  'upstream.certificate': { status: 500, retry: 'unsent', log: 'error' },
  'upstream.handshake': { status: 500, retry: 'unsent', log: 'error' },
  'upstream.reset': { status: 502, retry: 'replayable', log: 'warn' },
  'upstream.malformed': { status: 500, retry: 'never', log: 'warn' },
  'upstream.responseTimeout': { status: 504, retry: 'never', log: 'warn' },
  'upstream.truncated': { status: 502, retry: 'never', log: 'warn' },
  'upstream.authFailed': { status: 500, retry: 'never', log: 'error' },
  'upstream.tooLarge': { status: 500, retry: 'never', log: 'warn' },
  'proxy.noServer': { status: 503, retry: 'never', log: 'debug' },
  'proxy.unexpected': { status: 500, retry: 'never', log: 'error' },
  'proxy.writeTimeout': { status: 504, retry: 'never', log: 'info' },
  'proxy.shutdown': { status: 504, retry: 'never', log: 'info' },
} as const satisfies Record<string, ErrorFacts>

interface ErrorFacts {
  readonly status: number
  readonly retry: 'never' | 'unsent' | 'replayable'
  readonly log: 'debug' | 'info' | 'warn' | 'error'
}

export type ErrorCode = keyof typeof table

/** A failure of one exchange. Its message and cause are for the log; a peer sees only the status and its text. */
export class ProxyError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause })
    this.name = 'ProxyError'
    this.code = code
  }

  get facts(): ErrorFacts {
    return table[this.code]
  }
}

/** Whatever was thrown, as a ProxyError: what is not one already is a fault of the proxy itself. */
export function toProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return new ProxyError('proxy.unexpected', detail, thrown)
}
