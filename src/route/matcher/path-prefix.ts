import type { HttpRequest } from '../../http/message.ts'
import { routingPath } from '../routing-path.ts'
import { defineMatcher } from './define.ts'
import { notAbsolute } from './path-argument.ts'

/** A prefix of the text, not of the segments: `/api` matches `/apiary`, as in Traefik. */
export const pathPrefix = defineMatcher<HttpRequest>({
  name: 'PathPrefix',
  parameters: ['prefix'],
  build: ([prefix = '']) =>
    notAbsolute(prefix) ?? { ok: true, test: (request) => routingPath(request.path).startsWith(prefix) },
})
