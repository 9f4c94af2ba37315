import { X509Certificate } from 'node:crypto'
import { formatIp } from '../http/format-ip.ts'
import { parseIp } from '../http/ip-range.ts'

/** A distinguished name: the values of each attribute, by its short name (`CN`, `O`, `DC`, `serialNumber`). */
export type DistinguishedName = ReadonlyMap<string, readonly string[]>

/** A client's certificate, as far as servers are told of it. */
export interface PeerCertificate {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  /** Decimal. */
  readonly serialNumber: string
  /** Epoch seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** Host names, then e-mail addresses, IP addresses and URIs. */
  readonly alternativeNames: readonly string[]
}

/** Throws for what is no certificate. */
export function parsePeerCertificate(der: Uint8Array): PeerCertificate {
  const certificate = new X509Certificate(der)
  const { subject, issuer } = certificate.toLegacyObject()
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    serialNumber: BigInt(`0x${certificate.serialNumber}`).toString(),
    notBefore: Date.parse(certificate.validFrom) / 1000,
    notAfter: Date.parse(certificate.validTo) / 1000,
    alternativeNames: alternativeNames(certificate.subjectAltName ?? ''),
  }
}

/** An attribute that comes once is a string there, a repeated one a list. */
function distinguishedName(attributes: object): DistinguishedName {
  const entries = Object.entries(attributes) as [string, string | string[]][]
  return new Map(entries.map(([name, values]) => [name, [values].flat()]))
}

/** `DNS:a.test, IP Address:…`: a value with a comma or a quote in it is written as a JSON string. */
const alternativeName = /(DNS|email|IP Address|URI):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g
const kinds = ['DNS', 'email', 'IP Address', 'URI']

function alternativeNames(text: string): string[] {
  const names = [...text.matchAll(alternativeName)].map(([, kind = '', written = '']) => {
    const value: string = written.startsWith('"') ? JSON.parse(written) : written
    return { kind, value: kind === 'IP Address' ? shortAddress(value) : value }
  })
  return kinds.flatMap((kind) => names.filter((name) => name.kind === kind)).map(({ value }) => value)
}

/** `2001:DB8:0:0:0:0:0:1` → `2001:db8::1`. */
function shortAddress(text: string): string {
  const address = parseIp(text)
  return address === undefined ? text : formatIp(address)
}
