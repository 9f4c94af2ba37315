import {
  allowEmpty,
  integer,
  list,
  mapped,
  nonEmptyText,
  object,
  oneOf,
  optional,
  parsed,
  refine,
  withDefault,
} from '../config/schema.ts'
import { headerValue, joinedHeader } from '../http/headers.ts'
import { parseMediaType } from '../http/media-type.ts'
import type { HttpRequest } from '../http/message.ts'
import { codingChooser, codings, type CodingChoice } from './accept-encoding.ts'
import { defineMiddleware } from './define.ts'
import { encodeResponse, forbidsTransforming } from './encode-response.ts'

const defaultMinimumBytes = 1024

const mediaType = parsed(nonEmptyText, (written) => {
  // Traefik compares without parameters, also where the configuration names some.
  const value = parseMediaType(written)
  if (value !== undefined) return { ok: true, value }
  return { ok: false, message: `is not a media type: ${JSON.stringify(written)} (such as "text/html")` }
})

const mediaTypes = withDefault(list(mediaType), [])

const encodings = refine(list(oneOf(...codings)), (names) =>
  names.length === 0 ? 'is empty (at least one encoding is needed)' : undefined,
)

const fields = object({
  encodings: withDefault(encodings, codings),
  defaultEncoding: optional(oneOf(...codings)),
  minResponseBodyBytes: mapped(withDefault(integer({ min: 0 }), 0), (bytes) => bytes || defaultMinimumBytes),
  excludedContentTypes: mediaTypes,
  includedContentTypes: mediaTypes,
})

const options = refine(allowEmpty(fields), (given) => {
  if (given.excludedContentTypes.length > 0 && given.includedContentTypes.length > 0) {
    return 'has both excludedContentTypes and includedContentTypes (only one of them can be given)'
  }
  const { defaultEncoding } = given
  if (defaultEncoding === undefined || given.encodings.includes(defaultEncoding)) return undefined
  return `has a defaultEncoding, ${JSON.stringify(defaultEncoding)}, that is not one of its encodings`
})

export const compress = defineMiddleware({
  name: 'compress',
  summary: 'Compresses responses with zstd, brotli or gzip, whichever the client prefers; streams are never held back.',
  options,
  build: (options) => {
    const excluded = new Set(['application/grpc', ...options.excludedContentTypes])
    const chooseCoding = codingChooser(options)
    const included = new Set(options.includedContentTypes)
    const rules = { excluded, included, minimumBytes: options.minResponseBodyBytes }

    function choose({ method, headers }: HttpRequest): CodingChoice {
      if (method === 'HEAD' || forbidsTransforming(headers)) return undefined
      const sentType = headerValue(headers, 'content-type')
      if (sentType !== undefined && excluded.has(bareType(sentType))) return undefined
      return chooseCoding(joinedHeader(headers, 'accept-encoding'))
    }

    return (next) => (request) => {
      const choice = choose(request)
      if (choice === undefined) return next(request)
      return next(request).then((response) => encodeResponse(response, choice, rules))
    }
  },
})

function bareType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase()
}
