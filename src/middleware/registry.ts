import { addPrefix } from './add-prefix.ts'
import { basicAuth } from './basic-auth.ts'
import { chain } from './chain.ts'
import type { MiddlewareDefinition } from './define.ts'
import { digestAuth } from './digest-auth.ts'
import { forwardAuth } from './forward-auth.ts'
import { headers } from './headers.ts'
import { inFlightReq } from './in-flight-req.ts'
import { ipAllowList } from './ip-allow-list.ts'
import { ipWhiteList } from './ip-white-list.ts'
import { passTLSClientCert } from './pass-tls-client-cert.ts'
import { redirectScheme } from './redirect-scheme.ts'
import { stripPrefix } from './strip-prefix.ts'

/** Every kind of middleware that a configuration can name. */
export const middlewares: readonly MiddlewareDefinition[] = [
  addPrefix,
  basicAuth,
  chain,
  digestAuth,
  forwardAuth,
  headers,
  inFlightReq,
  ipAllowList,
  ipWhiteList,
  passTLSClientCert,
  redirectScheme,
  stripPrefix,
]

/** Kinds that Traefik has and Sluice has not: `not supported yet` instead of `unknown key`. */
export const missingMiddlewares: readonly string[] = [
  'buffering',
  'circuitBreaker',
  'compress',
  'contentType',
  'encodedCharacters',
  'errors',
  'grpcWeb',
  'plugin',
  'rateLimit',
  'redirectRegex',
  'replacePath',
  'replacePathRegex',
  'retry',
  'stripPrefixRegex',
]
