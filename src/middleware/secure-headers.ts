import { boolean, integer, list, nonEmptyText, withDefault, type Infer } from '../config/schema.ts'
import { headerValue, type Headers } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'
import { fieldChanges, fieldMap, fieldValue, type Field } from './field.ts'

const flag = withDefault(boolean, false)
const value = withDefault(fieldValue, '')
const names = withDefault(list(nonEmptyText), [])

/** The keys of the headers middleware that guard the page and the host. */
export const secureFields = {
  allowedHosts: names,
  hostsProxyHeaders: names,
  sslProxyHeaders: withDefault(fieldMap, []),
  stsSeconds: withDefault(integer({ min: 0 }), 0),
  stsIncludeSubdomains: flag,
  stsPreload: flag,
  forceSTSHeader: flag,
  frameDeny: flag,
  customFrameOptionsValue: value,
  contentTypeNosniff: flag,
  browserXssFilter: flag,
  customBrowserXSSValue: value,
  contentSecurityPolicy: value,
  contentSecurityPolicyReportOnly: value,
  publicKey: value,
  referrerPolicy: value,
  permissionsPolicy: value,
  isDevelopment: flag,
}

export type SecureOptions = { readonly [Key in keyof typeof secureFields]: Infer<(typeof secureFields)[Key]> }

export interface SecurePolicy {
  /** False when no response is ever changed. */
  readonly guards: boolean
  allowsHost(request: HttpRequest): boolean
  /** The response's fields with the guarding ones in place of any that the server sent under their names. */
  guard(request: HttpRequest, headers: Headers): Headers
}

export function securePolicy(options: SecureOptions): SecurePolicy {
  const plainFields = secureResponseFields(options, false)
  const tlsFields = secureResponseFields(options, true)
  const guardPlain = fieldChanges(plainFields)
  const guardTls = fieldChanges(tlsFields)
  return {
    guards: plainFields.length + tlsFields.length > 0,
    allowsHost: hostCheck(options),
    guard: (request, headers) => (isTls(options, request) ? guardTls : guardPlain)(headers),
  }
}

function hostCheck(options: SecureOptions): (request: HttpRequest) => boolean {
  if (options.allowedHosts.length === 0 || options.isDevelopment) return () => true
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()))
  const proxyHeaders = options.hostsProxyHeaders.map((name) => name.toLowerCase())
  return (request) => {
    const told = proxyHeaders.map((name) => headerValue(request.headers, name) ?? '').find((host) => host !== '')
    return allowed.has((told ?? request.host).toLowerCase())
  }
}

/** True too when a proxy before this one says, in the configured way, that it took the request over TLS. */
function isTls({ sslProxyHeaders }: SecureOptions, request: HttpRequest): boolean {
  if (request.exchange.client.tls !== undefined) return true
  return sslProxyHeaders.some(({ name, value }) => headerValue(request.headers, name.toLowerCase()) === value)
}

function secureResponseFields(options: SecureOptions, tls: boolean): Field[] {
  const { stsSeconds, isDevelopment } = options
  const sendsSts = stsSeconds !== 0 && !isDevelopment && (tls || options.forceSTSHeader)
  const candidates: readonly (readonly [string, string])[] = [
    ['Strict-Transport-Security', sendsSts ? stsValue(options) : ''],
    ['X-Frame-Options', options.customFrameOptionsValue || (options.frameDeny ? 'DENY' : '')],
    ['X-Content-Type-Options', options.contentTypeNosniff ? 'nosniff' : ''],
    ['X-Xss-Protection', options.customBrowserXSSValue || (options.browserXssFilter ? '1; mode=block' : '')],
    ['Public-Key-Pins', tls && !isDevelopment ? options.publicKey : ''],
    ['Content-Security-Policy', options.contentSecurityPolicy],
    ['Content-Security-Policy-Report-Only', options.contentSecurityPolicyReportOnly],
    ['Referrer-Policy', options.referrerPolicy],
    ['Permissions-Policy', options.permissionsPolicy],
  ]
  return candidates.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }))
}

function stsValue({ stsSeconds, stsIncludeSubdomains, stsPreload }: SecureOptions): string {
  return `max-age=${stsSeconds}${stsIncludeSubdomains ? '; includeSubDomains' : ''}${stsPreload ? '; preload' : ''}`
}
