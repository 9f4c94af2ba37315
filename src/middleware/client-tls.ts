import type { TLSOptions } from 'bun'
import { fileOrContent } from '../config/file-or-content.ts'
import { boolean, nonEmptyText, object, optional, refine, secret, withDefault, type Infer } from '../config/schema.ts'

/** `tls` of a middleware that is itself a client of something. Files, or PEM text itself. */
export const clientTls = refine(
  object({
    ca: optional(nonEmptyText),
    cert: optional(nonEmptyText),
    key: optional(secret(nonEmptyText)),
    insecureSkipVerify: withDefault(boolean, false),
  }),
  ({ cert, key }) => ((cert === undefined) === (key === undefined) ? undefined : 'has only one of cert and key'),
)

export type ClientTls = Infer<typeof clientTls>

/** Throws an Error with a plain message for a file that can't be read. */
export function clientTlsOptions({ ca, cert, key, insecureSkipVerify }: ClientTls): TLSOptions {
  return {
    rejectUnauthorized: !insecureSkipVerify,
    ...(ca === undefined ? {} : { ca: fileOrContent(ca) }),
    ...(cert === undefined ? {} : { cert: fileOrContent(cert) }),
    ...(key === undefined ? {} : { key: fileOrContent(key) }),
  }
}
