import type { HttpRequest } from '../../http/message.ts'
import { queryPairs } from '../query-pairs.ts'
import { defineMatcher, type Test } from './define.ts'

/** With one argument the value must be empty: `?a` and `?a=` match, `?a=1` does not. */
export const query = defineMatcher<HttpRequest>({
  name: 'Query',
  parameters: ['key', 'value?'],
  build: ([key = '', value = '']) => ({ ok: true, test: anyQueryValue(key, (found) => found === value) }),
})

/** True when any pair of this key has a value that passes. */
export function anyQueryValue(key: string, passes: (value: string) => boolean): Test<HttpRequest> {
  return (request) => {
    if (request.query === undefined) return false
    const pairs = queryPairs(request.query)
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] === key && passes(pairs[at + 1]!)) return true
    }
    return false
  }
}
