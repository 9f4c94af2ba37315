import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { parseIp } from '../http/ip-range.ts'
import { formatIp } from '../http/format-ip.ts'
import { parseAlternativeNames } from '../net/alternative-names.ts'

/** A certificate with its chain and key, known to fit together. */
export interface CertificatePair {
  /** PEM, leaf first. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  /** What it is for, in lower case: `example.org`, `*.example.org`, `192.0.2.1`, `2001:db8::1`. */
  readonly names: readonly string[]
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** Of certificate and key: the same content has the same one, wherever it was read from. */
  readonly fingerprint: string
  /** Where it comes from, for messages. */
  readonly source: string
}

export interface PemPair {
  readonly certificate: string
  readonly key: string
  readonly source: string
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** Key files often begin with the parameters of the curve (`openssl ecparam -genkey`). */
const keyBlock = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----[^]+?-----END \1-----/

/** Checks that a certificate and a key are one pair. Throws an Error whose message says what is wrong. */
export function certificatePair({ certificate, key, source }: PemPair): CertificatePair {
  const chain = certificate.match(certificateBlock) ?? []
  const [first] = chain
  if (first === undefined) throw new Error('certFile holds no PEM certificate')
  const keyText = keyBlock.exec(key)?.[0]
  if (keyText === undefined) throw new Error('keyFile holds no PEM private key')
  const leaf = parseLeaf(first)
  if (!leaf.checkPrivateKey(parseKey(keyText))) throw new Error('the private key is not that of the certificate')
  const certificates = `${chain.join('\n')}\n`
  return {
    certificate: certificates,
    key: `${keyText}\n`,
    names: certificateNames(leaf),
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    fingerprint: createHash('sha256').update(certificates).update(keyText).digest('hex'),
    source,
  }
}

function parseLeaf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (thrown) {
    throw new Error('certFile holds no readable certificate', { cause: thrown })
  }
}

function parseKey(pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw new Error('the private key is encrypted (take its passphrase off: openssl pkey)')
  try {
    return createPrivateKey(pem)
  } catch (thrown) {
    throw new Error('keyFile holds no readable private key', { cause: thrown })
  }
}

/** The alternative names, and the common name too: Traefik counts it in, whatever clients make of it (RFC 9525 §2). */
function certificateNames(leaf: X509Certificate): readonly string[] {
  const names = new Set<string>()
  const commonName = /^CN=(.+)$/m.exec(leaf.subject)?.[1]
  if (commonName !== undefined && isDnsName(commonName)) names.add(commonName.toLowerCase())
  for (const { kind, value } of parseAlternativeNames(leaf.subjectAltName ?? '')) {
    const address = kind === 'IP Address' ? parseIp(value) : undefined
    if (address !== undefined) names.add(formatIp(address))
    else if (kind === 'DNS' && isDnsName(value)) names.add(value.toLowerCase().replace(/\.$/, ''))
  }
  return [...names]
}

function isDnsName(text: string): boolean {
  return /^(?:\*\.)?[A-Za-z\d_-]+(?:\.[A-Za-z\d_-]+)*\.?$/.test(text)
}
