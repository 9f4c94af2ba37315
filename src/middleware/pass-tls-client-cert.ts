import { boolean, object, optional, withDefault, type Infer } from '../config/schema.ts'
import { ProxyError } from '../errors.ts'
import type { TlsFacts } from '../http/exchange.ts'
import { withHeader, type Headers } from '../http/headers.ts'
import { defineMiddleware } from './define.ts'
import { parsePeerCertificate, type DistinguishedName, type PeerCertificate } from './peer-certificate.ts'

const flag = withDefault(boolean, false)

const issuerFields = {
  country: flag,
  province: flag,
  locality: flag,
  organization: flag,
  commonName: flag,
  serialNumber: flag,
  domainComponent: flag,
}
const subject = object({ ...issuerFields, organizationalUnit: flag })

const options = object({
  /** The certificates themselves, in X-Forwarded-Tls-Client-Cert. */
  pem: flag,
  /** What is in them, in X-Forwarded-Tls-Client-Cert-Info. */
  info: optional(
    object({
      notAfter: flag,
      notBefore: flag,
      sans: flag,
      serialNumber: flag,
      subject: optional(subject),
      issuer: optional(object(issuerFields)),
    }),
  ),
})

type Options = Infer<typeof options>
type InfoOptions = NonNullable<Options['info']>

/** Tells the server of the certificate that the client has shown. */
export const passTLSClientCert = defineMiddleware({
  name: 'passTLSClientCert',
  summary: "Tells servers about the client's certificate in header fields.",
  options,
  build: (options) => {
    // Certificates belong to the connection: what is told of them is worked out for its first request.
    const told = new WeakMap<TlsFacts, Headers>()
    const fieldsOf = (tls: TlsFacts): Headers => {
      const known = told.get(tls)
      if (known !== undefined) return known
      const fields = describe(tls.peerCertificates(), options)
      told.set(tls, fields)
      return fields
    }
    return (next) => (request) => {
      const { tls } = request.exchange.client
      if (tls === undefined) return next(request)
      const fields = fieldsOf(tls)
      if (fields.length === 0) return next(request)
      let headers = request.headers
      for (let at = 0; at < fields.length; at += 2) headers = withHeader(headers, fields[at]!, fields[at + 1]!)
      return next({ ...request, headers })
    }
  },
})

function describe(chain: readonly Uint8Array[], { pem, info }: Options): Headers {
  if (chain.length === 0) return []
  const fields: string[] = []
  if (pem) {
    const encoded = chain.map((der) => Buffer.from(der).toString('base64'))
    fields.push('X-Forwarded-Tls-Client-Cert', encoded.join(','))
  }
  if (info !== undefined) {
    const text = chain.map((der) => describeCertificate(parse(der), info)).join(',')
    fields.push('X-Forwarded-Tls-Client-Cert-Info', queryEscape(text))
  }
  return fields
}

function parse(der: Uint8Array): PeerCertificate {
  try {
    return parsePeerCertificate(der)
  } catch (thrown) {
    throw new ProxyError('client.malformed', "the client's certificate can't be read", thrown)
  }
}

/** `Subject="…";Issuer="…";SerialNumber="…";NB="…";NA="…";SAN="…"`, of which only what is asked for and there. */
function describeCertificate(certificate: PeerCertificate, info: InfoOptions): string {
  const parts: readonly (readonly [string, string])[] = [
    ['Subject', describeName(certificate.subject, info.subject)],
    ['Issuer', describeName(certificate.issuer, info.issuer)],
    ['SerialNumber', info.serialNumber ? certificate.serialNumber : ''],
    ['NB', info.notBefore ? String(certificate.notBefore) : ''],
    ['NA', info.notAfter ? String(certificate.notAfter) : ''],
    ['SAN', info.sans ? certificate.alternativeNames.join(',') : ''],
  ]
  const present = parts.filter(([, value]) => value !== '')
  return present.map(([name, value]) => `${name}="${value}"`).join(';')
}

/** Option, the attribute's name in a certificate, and the one that Traefik gives it; in Traefik's order. */
const attributes = [
  ['domainComponent', 'DC', 'DC'],
  ['country', 'C', 'C'],
  ['province', 'ST', 'ST'],
  ['locality', 'L', 'L'],
  ['organization', 'O', 'O'],
  ['organizationalUnit', 'OU', 'OU'],
  ['serialNumber', 'serialNumber', 'SN'],
  ['commonName', 'CN', 'CN'],
] as const

function describeName(name: DistinguishedName, wanted: Partial<Infer<typeof subject>> | undefined): string {
  if (wanted === undefined) return ''
  const entries = attributes
    .filter(([option]) => wanted[option] === true)
    .flatMap(([, attribute, short]) => (name.get(attribute) ?? []).map((value) => `${short}=${value}`))
  return entries.join(',')
}

/** Go's `url.QueryEscape`: letters, digits and `-_.~` stay, a space becomes a plus. */
function queryEscape(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+')
  return escaped.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
