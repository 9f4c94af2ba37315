import type { TLSOptions } from 'bun'
import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { CertificatePair } from './certificate.ts'
import type { CertificateStore } from './certificate-store.ts'
import { cipherList, curveList } from './cipher-suites.ts'
import { clientRefusal, verifyMode, type ClientVerification } from './client-auth.ts'
import { readPem } from './read-pem.ts'
import type { ClientAuthType, TlsOptions } from './tls-options.ts'

/** What `upgradeTLS` takes as `tls`. One object per certificate, shared by its connections: no key is parsed again. */
export interface ServerTls extends TLSOptions {
  /**
   * `createSecureContext(…).context`; the object around it is refused. It carries certificate, versions, ciphers, curves,
   * CAs and ticket setting; ALPN and the verify mode are not part of it and are honoured beside it.
   */
  readonly secureContext: unknown
}

/** How TLS is spoken with one certificate. */
export interface ChosenTls {
  readonly tls: ServerTls
  readonly certificate: CertificatePair
}

export interface TlsTermsOptions {
  /** The name of the options: `default`, `strict@file`. */
  readonly name: string
  readonly options: TlsOptions
  readonly store: CertificateStore
  /** Whether a protocol of `alpnProtocols` can be spoken here; others are not offered. */
  serves(protocol: string): boolean
  /** The terms of this name in the snapshot before: sessions go on where certificate and options are as they were. */
  readonly previous?: TlsTerms | undefined
}

export type TlsTermsOutcome =
  | { readonly kind: 'terms'; readonly terms: TlsTerms }
  /** The options are broken: routers with them are disabled. */
  | { readonly kind: 'problem'; readonly message: string }

/** Reads the CA files, and has the library try the options, so that no handshake meets what it does not accept. */
export async function buildTlsTerms(wanted: TlsTermsOptions): Promise<TlsTermsOutcome> {
  try {
    const policy = await resolvePolicy(wanted)
    createSecureContext({ ...policy.context, ...pairOptions(wanted.store.default) })
    return { kind: 'terms', terms: new TlsTerms(policy, wanted.store, wanted.previous) }
  } catch (thrown) {
    return { kind: 'problem', message: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

interface TlsPolicy {
  readonly name: string
  readonly context: SecureContextOptions
  readonly clientAuthType: ClientAuthType
  /** SHA-256 of each certificate in `caFiles`, as the library tells it. */
  readonly authorities: ReadonlySet<string>
  readonly sniStrict: boolean
  /** In wire form, ready for the library. */
  readonly alpn: Buffer
  /** What QUIC handshakes could not keep of it. */
  readonly quicProblem: string | undefined
  /** Everything that decides about a session, in one text. */
  readonly key: string
}

/** How one set of TLS options treats the connections that it is for, in one snapshot. */
export class TlsTerms {
  readonly #policy: TlsPolicy
  readonly #store: CertificateStore
  /** By the certificate's fingerprint; made at its first connection, for a store may hold thousands. */
  readonly #chosen = new Map<string, ChosenTls>()

  constructor(policy: TlsPolicy, store: CertificateStore, previous: TlsTerms | undefined) {
    this.#policy = policy
    this.#store = store
    // A session resumes without asking for the client's certificate again, whatever the connection's verify mode: a
    // context, which holds the ticket keys, must therefore never be shared between different options.
    if (previous === undefined || previous.#policy.key !== policy.key) return
    for (const { fingerprint } of store.pairs) {
      const chosen = previous.#chosen.get(fingerprint)
      if (chosen !== undefined) this.#chosen.set(fingerprint, chosen)
    }
  }

  get optionsName(): string {
    return this.#policy.name
  }

  /** Whether `getPeerCertificate` is worth its price after the handshake. */
  get requestsCertificate(): boolean {
    return this.#policy.clientAuthType !== 'NoClientCert'
  }

  isAuthority(fingerprint256: string): boolean {
    return this.#policy.authorities.has(fingerprint256)
  }

  /** Whether a handshake over QUIC can be made under these options. */
  get servesQuic(): boolean {
    return this.#policy.quicProblem === undefined
  }

  /** Why a QUIC connection for this server name must be closed, or undefined to go on. */
  quicRefusal(serverName: string): string | undefined {
    const { quicProblem, sniStrict } = this.#policy
    if (quicProblem !== undefined || !sniStrict || this.#store.find(serverName) !== undefined) return quicProblem
    return `no certificate for "${serverName}", and sniStrict is set`
  }

  /**
   * The terms for a ClientHello's server name, or without one for the address that the client has connected to.
   * Undefined: `sniStrict` and no certificate, to be answered with `unrecognizedNameAlert`.
   */
  choose(serverName: string, localAddress: string): ChosenTls | undefined {
    const found = this.#store.find(serverName === '' ? localAddress : serverName)
    const certificate = found ?? (this.#policy.sniStrict ? undefined : this.#store.default)
    if (certificate === undefined) return undefined
    const known = this.#chosen.get(certificate.fingerprint)
    if (known !== undefined) return known
    const chosen = { tls: this.#serverTls(certificate), certificate }
    this.#chosen.set(certificate.fingerprint, chosen)
    return chosen
  }

  /** Why the connection must be closed at the end of its handshake, or undefined to go on. */
  refusal(verification: ClientVerification): string | undefined {
    return clientRefusal(this.#policy.clientAuthType, verification)
  }

  #serverTls(certificate: CertificatePair): ServerTls {
    const { context, alpn, clientAuthType } = this.#policy
    return {
      secureContext: createSecureContext({ ...context, ...pairOptions(certificate) }).context,
      ...(alpn.length > 0 ? { ALPNProtocols: alpn } : {}),
      ...verifyMode(clientAuthType),
    }
  }
}

async function resolvePolicy({ name, options, serves }: TlsTermsOptions): Promise<TlsPolicy> {
  const files = await Promise.all((options.clientAuth?.caFiles ?? []).map(readAuthorities))
  const pem = files.map((blocks) => `${blocks.join('\n')}\n`)
  const clientAuthType = clientAuthTypeOf(options)
  const served = options.alpnProtocols.filter(serves)
  if (served.length === 0 && options.alpnProtocols.length > 0) {
    throw new Error(`alpnProtocols: none of ${options.alpnProtocols.join(', ')} can be served`)
  }
  const context = contextOptions(options, clientAuthType === 'NoClientCert' ? [] : pem)
  const alpn = alpnBytes(served)
  const facts = JSON.stringify([context, clientAuthType, served])
  const key = createHash('sha256').update(facts).digest('hex')
  const quicProblem = quicProblemOf(options, clientAuthType)
  const authorities = new Set(files.flat().map((block) => new X509Certificate(block).fingerprint256))
  return { name, context, clientAuthType, authorities, sniStrict: options.sniStrict, alpn, quicProblem, key }
}

/** The QUIC listener has one setting for all names: TLS 1.3 with its own curves, and no client certificates. */
function quicProblemOf({ maxVersion, curvePreferences }: TlsOptions, type: ClientAuthType): string | undefined {
  if (type !== 'NoClientCert') return 'its TLS options ask for client certificates'
  if (maxVersion !== undefined && maxVersion < 'VersionTLS13') return 'its TLS options do not allow TLS 1.3'
  return curvePreferences?.length ? 'its TLS options have curvePreferences' : undefined
}

function clientAuthTypeOf({ clientAuth }: TlsOptions): ClientAuthType {
  const { clientAuthType, caFiles = [] } = clientAuth ?? {}
  return clientAuthType ?? (caFiles.length > 0 ? 'RequireAndVerifyClientCert' : 'NoClientCert')
}

const versions = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
} as const

/** SSL_OP_NO_TICKET; it stops both kinds of tickets, those of TLS 1.2 and of 1.3. */
const withoutTickets = 0x4000

function contextOptions(options: TlsOptions, authorities: readonly string[]): SecureContextOptions {
  const { minVersion, maxVersion, curvePreferences, disableSessionTickets } = options
  const ciphers = cipherList(options.cipherSuites)
  if (ciphers === '' && maxVersion !== undefined && maxVersion < 'VersionTLS13') {
    throw new Error(`cipherSuites: none is for ${maxVersion} or older`)
  }
  return {
    // Without a suite for older versions only TLS 1.3 is left, as in Go; an empty list would not be accepted.
    ...(ciphers === '' ? { minVersion: versions.VersionTLS13 } : { minVersion: versions[minVersion], ciphers }),
    ...(maxVersion === undefined ? {} : { maxVersion: versions[maxVersion] }),
    // Go's servers choose by their own order, whatever the client prefers.
    honorCipherOrder: true,
    ...(curvePreferences?.length ? { ecdhCurve: curveList(curvePreferences) } : {}),
    ...(authorities.length > 0 ? { ca: [...authorities] } : {}),
    ...(disableSessionTickets ? { secureOptions: withoutTickets } : {}),
  }
}

/** Each certificate in the file, in PEM. Traefik: there must be one at least. */
async function readAuthorities(pathOrText: string): Promise<readonly string[]> {
  const text = await readPem(pathOrText)
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const name = pathOrText.includes('-----BEGIN') ? 'the text' : JSON.stringify(pathOrText)
  if (blocks.length === 0) throw new Error(`clientAuth.caFiles: ${name} holds no PEM certificate`)
  for (const block of blocks) {
    try {
      new X509Certificate(block)
    } catch (thrown) {
      throw new Error(`clientAuth.caFiles: ${name} holds a certificate that is not readable`, { cause: thrown })
    }
  }
  return blocks
}

function pairOptions({ certificate, key }: CertificatePair): SecureContextOptions {
  return { cert: certificate, key }
}

/** RFC 7301 §3.1: each name after its length. The library takes nothing else; a comma list fails every handshake. */
function alpnBytes(protocols: readonly string[]): Buffer {
  return Buffer.concat(
    protocols.flatMap((protocol) => {
      const name = Buffer.from(protocol)
      return [Buffer.of(name.length), name]
    }),
  )
}
