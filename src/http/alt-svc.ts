import type { TlsFacts } from './exchange.ts'
import type { HttpResponse, Middleware } from './message.ts'

export interface AltSvcOptions {
  /** Undefined while it is not known. */
  port(): number | undefined
  /** False: a client that came like this would be turned away there. */
  isFor(tls: TlsFacts): boolean
}

/** Tells whoever comes over TLS that the same is to be had over HTTP/3 (RFC 7838), and for how long: 30 days. */
export function altSvc({ port, isFor }: AltSvcOptions): Middleware {
  return (next) => (request) => {
    const { tls } = request.exchange.client
    const number = port()
    if (number === undefined || request.version === '3' || tls === undefined || !isFor(tls)) return next(request)
    const field = ['Alt-Svc', `h3=":${number}"; ma=2592000`]
    const tell = (response: HttpResponse) => ({ ...response, headers: [...field, ...response.headers] })
    return next(request).then(tell)
  }
}
