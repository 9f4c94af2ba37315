import { object, parsed, text } from '../config/schema.ts'
import { pathBytes } from '../http/target.ts'
import { defineMiddleware } from './define.ts'
import { replacedPath, withPath } from './replaced-path.ts'

/** Traefik answers 500 to every request for a path with a broken escape; that it is broken can be told before. */
const path = parsed(text, (written) => {
  const replacing = replacedPath(pathBytes(written))
  if (replacing.ok) return { ok: true, value: replacing.path }
  return { ok: false, message: `is not an encoded path: ${replacing.message}` }
})

const options = object({ path })

export const replacePath = defineMiddleware({
  name: 'replacePath',
  summary: 'Replaces the path of every request; X-Replaced-Path tells servers the former one.',
  options,
  build:
    ({ path }) =>
    (next) =>
    (request) =>
      next(withPath(request, path)),
})
