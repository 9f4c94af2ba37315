import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'
import { nonAsciiPattern } from './host-name.ts'
import { withPattern } from './pattern-argument.ts'

/** Unanchored, on the host in lower case; the expression itself is not lower-cased, so `Foo` never matches. */
export const hostRegexp = defineMatcher<HttpRequest>({
  name: 'HostRegexp',
  parameters: ['regexp'],
  build: ([source = '']) =>
    nonAsciiPattern(source) ??
    withPattern(source, 0, (pattern) => ({
      ok: true,
      test: (request) => pattern.matches(request.exchange.canonicalHost),
    })),
})
