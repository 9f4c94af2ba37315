import type { HttpRequest } from '../../http/message.ts'
import { routingPath } from '../routing-path.ts'
import { defineMatcher } from './define.ts'
import { notAbsolute } from './path-argument.ts'

export const path = defineMatcher<HttpRequest>({
  name: 'Path',
  parameters: ['path'],
  build: ([wanted = '']) =>
    notAbsolute(wanted) ?? { ok: true, test: (request) => routingPath(request.path) === wanted },
})
