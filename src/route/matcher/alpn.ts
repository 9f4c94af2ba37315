import type { TcpFacts } from '../tcp-facts.ts'
import { defineMatcher } from './define.ts'

/** The protocol is among those that the ClientHello offers. */
export const alpn = defineMatcher<TcpFacts>({
  name: 'ALPN',
  parameters: ['protocol'],
  build: ([protocol = '']) => {
    // The proxy answers the ACME challenge itself: a route for it could obtain certificates for others' names.
    if (protocol === 'acme-tls/1')
      return { ok: false, message: 'acme-tls/1 is answered by the proxy itself', argument: 0 }
    return { ok: true, test: (facts) => facts.alpn.includes(protocol) }
  },
})
