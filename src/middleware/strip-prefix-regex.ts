import { isUtf8 } from 'node:buffer'
import type { Pattern } from '../config/pattern.ts'
import { list, mapped, object, text, withDefault } from '../config/schema.ts'
import { decodedPath, pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { patternIn } from './pattern-option.ts'
import { passWithoutPrefix, tellPrefix } from './removed-prefix.ts'

const options = object({ regex: withDefault(list(patternIn(mapped(text, (source) => source.trim()))), []) })

export const stripPrefixRegex = defineMiddleware({
  name: 'stripPrefixRegex',
  summary: 'Takes a prefix that matches a regular expression off the path.',
  options,
  build:
    ({ regex }) =>
    (next) =>
    (request) => {
      const decoded = decodedPath(request.path)
      for (const pattern of regex) {
        const prefix = matchedPrefix(pattern, decoded)
        if (prefix === '') continue
        return passWithoutPrefix(next, request, { prefix, forceSlash: false, tell: tellPrefix(prefix) })
      }
      return next(request)
    },
})

/** What the leftmost match says, when the path begins with the same; as in Traefik the match may stand further on. */
function matchedPrefix(pattern: Pattern, path: string): string {
  const { readable, toBytes } = asText(path)
  const match = pattern.find(readable)
  if (match === undefined) return ''
  const prefix = readable.slice(match.start, match.end)
  return readable.startsWith(prefix) ? toBytes(prefix) : ''
}

/** Expressions are about characters; bytes that are no UTF-8 stand for themselves. */
function asText(path: string): { readonly readable: string; toBytes(text: string): string } {
  const bytes = Buffer.from(path, 'latin1')
  if (!isUtf8(bytes)) return { readable: path, toBytes: (text) => text }
  return { readable: bytes.toString('utf8'), toBytes: pathBytes }
}
