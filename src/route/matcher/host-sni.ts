import type { TcpFacts } from '../tcp-facts.ts'
import { defineMatcher } from './define.ts'
import { hostTest, nonAsciiHost, plainHost } from './host-name.ts'

const validName = /^(?:\*\.)?[\w.:-]+$/

/** `*` matches every connection, also without a server name or without TLS. */
export const hostSni = defineMatcher<TcpFacts>({
  name: 'HostSNI',
  parameters: ['domain'],
  namesDomain: true,
  build: ([domain = '']) => {
    if (domain === '*') return { ok: true, test: () => true }
    const nonAscii = nonAsciiHost(domain)
    if (nonAscii !== undefined) return nonAscii
    if (!validName.test(domain)) {
      const message = `${JSON.stringify(domain)} is not a host name (example.org, *.example.org or *)`
      return { ok: false, message, argument: 0 }
    }
    const wanted = plainHost(domain)
    const matches = hostTest(wanted)
    return { ok: true, test: (facts) => matches(facts.serverName), host: wanted }
  },
})
