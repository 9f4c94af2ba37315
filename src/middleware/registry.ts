import { addPrefix } from './add-prefix.ts'
import { chain } from './chain.ts'
import { compress } from './compress.ts'
import { contentType } from './content-type.ts'
import type { MiddlewareDefinition } from './define.ts'
import { errors } from './errors.ts'
import { headers } from './headers.ts'
import { redirectRegex } from './redirect-regex.ts'
import { redirectScheme } from './redirect-scheme.ts'
import { replacePathRegex } from './replace-path-regex.ts'
import { replacePath } from './replace-path.ts'
import { stripPrefixRegex } from './strip-prefix-regex.ts'
import { stripPrefix } from './strip-prefix.ts'

/** Every kind of middleware that a configuration can name. */
export const middlewares: readonly MiddlewareDefinition[] = [
  addPrefix,
  chain,
  compress,
  contentType,
  errors,
  headers,
  redirectRegex,
  redirectScheme,
  replacePath,
  replacePathRegex,
  stripPrefix,
  stripPrefixRegex,
]

/** Kinds that Traefik has and Sluice has not: `not supported yet` instead of `unknown key`. */
export const missingMiddlewares: readonly string[] = [
  'basicAuth',
  'buffering',
  'circuitBreaker',
  'digestAuth',
  'encodedCharacters',
  'forwardAuth',
  'grpcWeb',
  'inFlightReq',
  'ipAllowList',
  'ipWhiteList',
  'passTLSClientCert',
  'plugin',
  'rateLimit',
  'retry',
]
