import { allowEmpty, list, notYet, object, optional, text, withDefault } from './schema.ts'

/** `tls` of a router, and of an entry point for the routers that have none. Its presence alone says "TLS only". */
export const routerTls = allowEmpty(
  object({
    /** A name in `tls.options`. */
    options: optional(text),
    certResolver: notYet(text),
    domains: withDefault(list(object({ main: optional(text), sans: withDefault(list(text), []) })), []),
  }),
)
