import type { HttpRequest } from '../../http/message.ts'
import { routingPath } from '../routing-path.ts'
import { defineMatcher } from './define.ts'
import { withPattern } from './pattern-argument.ts'

export const pathRegexp = defineMatcher<HttpRequest>({
  name: 'PathRegexp',
  parameters: ['regexp'],
  build: ([source = '']) =>
    withPattern(source, 0, (pattern) => ({
      ok: true,
      test: (request) => pattern.matches(routingPath(request.path)),
    })),
})
