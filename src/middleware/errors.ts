import { list, mapped, nonEmptyText, object, optional, text, withDefault } from '../config/schema.ts'
import { isInRanges, statusRange } from '../config/status-range.ts'
import { ProxyError } from '../errors.ts'
import { emptyBody } from '../http/body.ts'
import { encodedPath, encodedQuery, escapeQuery } from '../http/go-url.ts'
import { keepHeaders, type Headers } from '../http/headers.ts'
import { requestTarget, type HttpRequest, type HttpResponse } from '../http/message.ts'
import { recovery } from '../http/recovery.ts'
import { plainReply } from '../http/reply.ts'
import { statusText } from '../http/status-text.ts'
import { pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { rewriteStatus, statusRewrites } from './status-rewrites.ts'

const options = object({
  status: withDefault(list(statusRange), []),
  service: nonEmptyText,
  query: mapped(withDefault(text, ''), pathBytes),
  statusRewrites: withDefault(statusRewrites, []),
  errorRequestHeaders: optional(list(nonEmptyText)),
})

export const errors = defineMiddleware({
  name: 'errors',
  summary: 'Answers with a page of another service where the response has one of certain status codes.',
  options,
  build: (options, scope) => {
    const settles = recovery(scope.log)
    // A page that can't be had answers with its own failure's text.
    const pages = settles(scope.service(options.service))
    const selectHeaders = headerSelection(options.errorRequestHeaders)

    async function page(request: HttpRequest, failed: HttpResponse): Promise<HttpResponse> {
      failed.body.cancel(replaced)
      const status = rewriteStatus(options.statusRewrites, failed.status)
      const target = pageTarget(options.query, request, { status, originalStatus: failed.status })
      if (target === undefined) return plainReply(status, statusText(status))
      const { host, version, exchange, span } = request
      const answer = await pages({
        method: 'GET',
        ...target,
        ...{ host, version, exchange, span },
        headers: selectHeaders(request.headers),
        body: emptyBody,
        synthetic: true,
      })
      // The length that a 304 tells is not that of a page: it has none.
      return { ...answer, status, announcedLength: undefined }
    }

    return (next) => {
      const settled = settles(next)
      return (request) =>
        settled(request).then((response) => {
          const { status } = response
          // Nobody would see the page of a client that has gone.
          if (status < 200 || request.exchange.cancelled !== undefined) return response
          return isInRanges(status, options.status) ? page(request, response) : response
        })
    }
  },
})

const replaced = new ProxyError('client.reset', 'an error page stands in for this response')

/** They would ask the page's server to do what was asked of the failed one, with a body that the page's request has not. */
const ofTheOriginal = new Set(['expect', 'upgrade'])

/** Without a list all fields are sent. An empty list means the same: Traefik reads it as none given. */
function headerSelection(names: readonly string[] | undefined): (headers: Headers) => Headers {
  const wanted =
    names === undefined || names.length === 0 ? undefined : new Set(names.map((name) => name.toLowerCase()))
  return (headers) =>
    keepHeaders(headers, (name) => {
      const lower = name.toLowerCase()
      return !ofTheOriginal.has(lower) && (wanted === undefined || wanted.has(lower))
    })
}

interface Statuses {
  readonly status: number
  readonly originalStatus: number
}

/** Undefined for a path that the configured query makes no valid one of. */
function pageTarget(
  query: string,
  request: HttpRequest,
  { status, originalStatus }: Statuses,
): Pick<HttpRequest, 'path' | 'query'> | undefined {
  const filled = query
    .replaceAll('{status}', String(status))
    .replaceAll('{originalStatus}', String(originalStatus))
    .replaceAll('{url}', () => escapeQuery(requestUrl(request)))
  const [withoutFragment = ''] = filled.split('#', 1)
  const mark = withoutFragment.indexOf('?')
  const path = encodedPath(`/${(mark < 0 ? withoutFragment : withoutFragment.slice(0, mark)).replace(/^\//, '')}`)
  if (path === undefined) return undefined
  return { path, query: mark < 0 ? undefined : encodedQuery(withoutFragment.slice(mark + 1)) }
}

function requestUrl(request: HttpRequest): string {
  const scheme = request.exchange.client.tls === undefined ? 'http' : 'https'
  return `${scheme}://${request.host}${requestTarget(request)}`
}
