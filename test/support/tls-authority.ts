import type { JsonGeneralNames } from '@peculiar/x509'
import { installMetadataReflection } from '../../src/listen/metadata-reflection.ts'

installMetadataReflection()
const { BasicConstraintsExtension, PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } =
  await import('@peculiar/x509')

export interface TestCertificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
}

export interface IssueOptions {
  readonly names: JsonGeneralNames
  readonly isExpired?: boolean
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000

/** A certificate authority that lives as long as its test. */
export class TlsAuthority {
  /** PEM of its own certificate. */
  readonly cert: string
  readonly #name: string
  readonly #keys: CryptoKeyPair

  private constructor(name: string, cert: string, keys: CryptoKeyPair) {
    this.#name = name
    this.cert = cert
    this.#keys = keys
  }

  static async create(name: string): Promise<TlsAuthority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    })
    return new TlsAuthority(name, certificate.toString('pem'), keys)
  }

  async issue({ names, isExpired = false }: IssueOptions): Promise<TestCertificate> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const endsAt = Date.now() + (isExpired ? -dayMs / 2 : dayMs)
    const certificate = await X509CertificateGenerator.create({
      subject: 'CN=issued',
      issuer: `CN=${this.#name}`,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(endsAt),
      extensions: [new SubjectAlternativeNameExtension(names)],
    })
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
  }
}
