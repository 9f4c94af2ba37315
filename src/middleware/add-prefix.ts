import { nonEmptyText, object } from '../config/schema.ts'
import { escapePath } from '../http/target.ts'
import { defineMiddleware } from './define.ts'

const options = object({ prefix: nonEmptyText })

export const addPrefix = defineMiddleware({
  name: 'addPrefix',
  summary: 'Puts a prefix before the path of every request.',
  options,
  build: ({ prefix }) => {
    const encoded = escapePath(prefix.startsWith('/') ? prefix : `/${prefix}`)
    return (next) => (request) => next({ ...request, path: encoded + request.path })
  },
})
