import { boolean, list, mapped, object, text, withDefault } from '../config/schema.ts'
import { onceIfRecurring } from '../http/recurring.ts'
import { decodedPath, pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { passWithoutPrefix, tellPrefix } from './removed-prefix.ts'

const options = object({
  prefixes: withDefault(list(mapped(text, (prefix) => pathBytes(prefix.trim()))), []),
  forceSlash: withDefault(boolean, false),
})

export const stripPrefix = defineMiddleware({
  name: 'stripPrefix',
  summary: 'Takes a prefix off the path; X-Forwarded-Prefix tells servers which.',
  options,
  build: ({ prefixes, forceSlash }) => {
    const removals = prefixes.map((prefix) => ({ prefix, forceSlash, tell: onceIfRecurring(tellPrefix(prefix)) }))
    return (next) => (request) => {
      const decoded = decodedPath(request.path)
      const removal = removals.find(({ prefix }) => decoded.startsWith(prefix))
      return removal === undefined ? next(request) : passWithoutPrefix(next, request, removal)
    }
  },
})
