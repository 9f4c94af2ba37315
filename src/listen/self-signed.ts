import { randomBytes } from 'node:crypto'
import { certificatePair, type CertificatePair } from './certificate.ts'
import { installMetadataReflection } from './metadata-reflection.ts'

const dayMs = 86_400_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A fresh certificate for names that no configured one is for: valid for a year, trusted by nobody. */
export async function createSelfSigned(now: number = Date.now()): Promise<CertificatePair> {
  // Loaded on demand, for the library takes 10 ms of a start that otherwise takes as long in all.
  installMetadataReflection()
  const x509 = await import('@peculiar/x509')
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=SLUICE DEFAULT CERT',
    notBefore: new Date(now),
    notAfter: new Date(now + 365 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: unlikelyName() }]),
    ],
  })
  const privateKey = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return certificatePair({
    certificate: certificate.toString('pem'),
    key: x509.PemConverter.encode(privateKey, 'PRIVATE KEY'),
    source: 'self-signed default certificate',
  })
}

/** As in Traefik: a name that nobody asks for, since a certificate without any is refused by some clients. */
function unlikelyName(): string {
  return `${randomBytes(16).toString('hex')}.${randomBytes(16).toString('hex')}.sluice.default`
}

/** RFC 5280 §4.1.2.2: positive, so the highest bit is off, and unlike any other of the same issuer name. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}
