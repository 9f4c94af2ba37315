import { parseIpRange } from '../../http/ip-range.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { TcpFacts } from '../tcp-facts.ts'
import { defineMatcher, type MatcherDefinition } from './define.ts'

/** The peer of the connection, or what a PROXY header told; never X-Forwarded-For, which a client may forge. */
function clientIpOf<Subject>(addressOf: (subject: Subject) => string): MatcherDefinition<Subject> {
  return defineMatcher({
    name: 'ClientIP',
    parameters: ['range'],
    build: ([text = '']) => {
      const range = parseIpRange(text)
      if (range !== undefined) return { ok: true, test: (subject) => range.contains(addressOf(subject)) }
      const message = `${JSON.stringify(text)} is not an IP address or range (10.0.0.1, 10.0.0.0/8, 2001:db8::/32)`
      return { ok: false, message, argument: 0 }
    },
  })
}

export const clientIp = clientIpOf<HttpRequest>((request) => request.exchange.client.address)

export const tcpClientIp = clientIpOf<TcpFacts>((facts) => facts.clientAddress)
