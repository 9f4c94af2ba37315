import { mapped, object, text } from '../config/schema.ts'
import { plainReply } from '../http/reply.ts'
import { normalisePath, pathBytes, sanitisePath } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { patternIn } from './pattern-option.ts'
import { replacedPath, withPath } from './replaced-path.ts'

const trimmed = mapped(text, (written) => written.trim())

const options = object({ regex: patternIn(trimmed), replacement: trimmed })

export const replacePathRegex = defineMiddleware({
  name: 'replacePathRegex',
  summary: 'Replaces the part of the path that matches a regular expression.',
  options,
  build: ({ regex, replacement }) => {
    const template = pathBytes(replacement)
    return (next) => (request) => {
      if (!regex.matches(request.path)) return next(request)
      const replacing = replacedPath(regex.replaceAll(request.path, template))
      if (!replacing.ok) return Promise.resolve(plainReply(500, replacing.message))
      if (!isClean(replacing.path)) return Promise.resolve(plainReply(400, 'Bad Request'))
      return next(withPath(request, replacing.path))
    }
  },
})

/**
 * `^/foo(.*)` would make `/../x` of `/foo../x`: a path that climbs out of what the router let in. Judged in its normal
 * form, since a server may read dots that the replacement has put together from escapes.
 */
function isClean(path: string): boolean {
  const normal = normalisePath(path)
  return path === '' || (normal !== undefined && sanitisePath(normal) === normal)
}
