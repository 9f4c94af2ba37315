import { boolean, list, mapped, object, text, withDefault } from '../config/schema.ts'
import { decodedPath, pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { passWithoutPrefix } from './removed-prefix.ts'

const options = object({
  prefixes: withDefault(list(mapped(text, (prefix) => pathBytes(prefix.trim()))), []),
  forceSlash: withDefault(boolean, false),
})

export const stripPrefix = defineMiddleware({
  name: 'stripPrefix',
  summary: 'Takes a prefix off the path; X-Forwarded-Prefix tells servers which.',
  options,
  build:
    ({ prefixes, forceSlash }) =>
    (next) =>
    (request) => {
      const decoded = decodedPath(request.path)
      const prefix = prefixes.find((candidate) => decoded.startsWith(candidate))
      return prefix === undefined ? next(request) : passWithoutPrefix(next, request, { prefix, forceSlash })
    },
})
