import {
  boolean,
  duration,
  integer,
  map,
  nonEmptyText,
  object,
  oneOf,
  optional,
  refine,
  text,
  withDefault,
  type Infer,
} from '../../config/schema.ts'

const seconds = 1000

const mode = oneOf('http', 'grpc')

const scheme = oneOf('http', 'https', 'h2c')

/** Only a place on the server itself: another scheme or host would check somebody else. */
const path = refine(text, (written) => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(written) || written.startsWith('//')) return 'must be a path, without scheme and host'
  return /[\x00-\x20\x7f#]/.test(written)
    ? 'has a character that no path can have (encode it as %20, %23 …)'
    : undefined
})

const token = refine(nonEmptyText, (written) =>
  /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(written) ? undefined : `has a character that it can't have`,
)

const fieldValue = refine(text, (written) => (/[\r\n\0]/.test(written) ? 'must be one line' : undefined))

const headers = refine(map(fieldValue), (fields) => {
  const wrong = [...fields.keys()].find((name) => !/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(name))
  return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is not the name of a header field`
})

const period = refine(duration, (value) => (value > 0 ? undefined : 'must be more than zero'))

/** `healthCheck` of a load balancer: asks each server at intervals. */
export const healthCheck = object({
  path: withDefault(path, ''),
  mode: withDefault(mode, 'http'),
  /** Undefined: the server's own. The same for `port`, and for `hostname` the server's authority. */
  scheme: optional(scheme),
  port: optional(integer({ min: 0, max: 65535 })),
  hostname: optional(nonEmptyText),
  method: withDefault(token, 'GET'),
  /** 0: any from 200 to 399. */
  status: withDefault(integer({ min: 0, max: 999 }), 0),
  interval: withDefault(period, 30 * seconds),
  /** For servers that are down; undefined: as `interval`. */
  unhealthyInterval: optional(period),
  /** Of a probe from dialling to the head of the last answer. */
  timeout: withDefault(period, 5 * seconds),
  headers: withDefault(headers, new Map()),
  followRedirects: withDefault(boolean, true),
})

export type HealthCheckOptions = Infer<typeof healthCheck>
