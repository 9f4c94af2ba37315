import { list, nonEmptyText, object } from '../config/schema.ts'
import { defineMiddleware } from './define.ts'

const options = object({ middlewares: list(nonEmptyText) })

/** Middlewares under one name, the first outermost. That none leads back to itself is for `scope.middleware` to see. */
export const chain = defineMiddleware({
  name: 'chain',
  summary: 'Stands for a list of other middlewares.',
  options,
  build: ({ middlewares }, scope) => {
    const links = middlewares.map((name) => scope.middleware(name))
    return (next) => links.reduceRight((inner, link) => link(inner), next)
  },
})
