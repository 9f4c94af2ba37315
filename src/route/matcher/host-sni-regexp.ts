import type { TcpFacts } from '../tcp-facts.ts'
import { defineMatcher } from './define.ts'
import { nonAsciiPattern } from './host-name.ts'
import { withPattern } from './pattern-argument.ts'

/** Unanchored, on the server name of the ClientHello, '' without one. Names no domain, as in Traefik. */
export const hostSniRegexp = defineMatcher<TcpFacts>({
  name: 'HostSNIRegexp',
  parameters: ['regexp'],
  build: ([source = '']) =>
    nonAsciiPattern(source) ??
    withPattern(source, 0, (pattern) => ({ ok: true, test: (facts) => pattern.matches(facts.serverName) })),
})
