import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'
import { hostTest, nonAsciiHost, plainHost } from './host-name.ts'

/** `*` matches every request, also one without a host. */
export const host = defineMatcher<HttpRequest>({
  name: 'Host',
  parameters: ['domain'],
  namesDomain: true,
  build: ([domain = '']) => {
    if (domain === '*') return { ok: true, test: () => true }
    const wanted = plainHost(domain)
    const matches = hostTest(wanted)
    return (
      nonAsciiHost(domain) ?? {
        ok: true,
        test: (request) => matches(request.exchange.canonicalHost),
        host: wanted,
      }
    )
  },
})
