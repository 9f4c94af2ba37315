import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'
import { withPattern } from './pattern-argument.ts'
import { anyQueryValue } from './query.ts'

/** With one argument it is `Query`. */
export const queryRegexp = defineMatcher<HttpRequest>({
  name: 'QueryRegexp',
  parameters: ['key', 'regexp?'],
  build: ([key = '', source]) => {
    if (source === undefined) return { ok: true, test: anyQueryValue(key, (value) => value === '') }
    return withPattern(source, 1, (pattern) => ({
      ok: true,
      test: anyQueryValue(key, (value) => pattern.matches(value)),
    }))
  },
})
