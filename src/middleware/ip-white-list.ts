import { deprecated, object } from '../config/schema.ts'
import { defineMiddleware } from './define.ts'
import { allowListFields, allowOnly } from './ip-allow-list.ts'

const options = deprecated(object(allowListFields), 'it is called ipAllowList now')

/** The former name of `ipAllowList`, which Traefik still reads. */
export const ipWhiteList = defineMiddleware({
  name: 'ipWhiteList',
  summary: 'The former name of ipAllowList.',
  options,
  build: (options) => allowOnly({ ...options, rejectStatusCode: 403 }),
})
