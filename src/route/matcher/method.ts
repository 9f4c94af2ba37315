import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'

/** The method as written is upper-cased; the request's is not, for methods are case-sensitive (RFC 9110 §9.1). */
export const method = defineMatcher<HttpRequest>({
  name: 'Method',
  parameters: ['method'],
  build: ([written = '']) => {
    const wanted = written.toUpperCase()
    return { ok: true, test: (request) => request.method === wanted }
  },
})
