import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { CertificatePair } from '../listen/certificate.ts'
import { buildCertificateStore, loadCertificate, type CertificateStore } from '../listen/certificate-store.ts'
import { createSelfSigned } from '../listen/self-signed.ts'
import { defaultTlsOptions } from '../listen/tls-options.ts'
import { buildTlsTerms, type TlsTerms } from '../listen/tls-terms.ts'
import type { StatusBoard } from './status.ts'

/** The certificates and TLS options of one snapshot. */
export interface SnapshotTls {
  readonly store: CertificateStore
  /** By the options' name; undefined when they do not exist or are broken. */
  terms(optionsName: string): TlsTerms | undefined
}

export interface SnapshotTlsOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  /** Protocols that can be spoken after a handshake. */
  readonly alpn: readonly string[]
  readonly previous: SnapshotTls | undefined
}

/** Made at the first need, kept for the life of the process: a reload must not change what clients have pinned. */
let selfSigned: Promise<CertificatePair> | undefined

export async function buildTls(options: SnapshotTlsOptions): Promise<SnapshotTls> {
  const store = await buildStore(options)
  const written = [...options.configuration.tlsOptions]
  const named = new Map(written.map(([name, element]) => [name, element.value]))
  if (!named.has('default')) named.set('default', defaultTlsOptions)
  const terms = new Map<string, TlsTerms>()
  const serves = (protocol: string) => options.alpn.includes(protocol)
  for (const [name, value] of named) {
    const previous = options.previous?.terms(name)
    const outcome = await buildTlsTerms({ name, options: value, store, serves, previous })
    if (outcome.kind === 'terms') terms.set(name, outcome.terms)
    else options.board.disable('tlsOptions', options.configuration.tlsOptions.get(name)!, { message: outcome.message })
  }
  return { store, terms: (name) => terms.get(name) }
}

async function buildStore({ configuration, board }: SnapshotTlsOptions): Promise<CertificateStore> {
  const elements = [...configuration.tlsCertificates.values()]
  const pairs = elements.map(({ name, value }) => ({ ...value, source: name }))
  const built = await buildCertificateStore({ pairs, default: await defaultCertificate({ configuration, board }) })
  for (const { source, severity, message } of built.problems) {
    const element = elements.find(({ name }) => name === source)
    if (element === undefined) continue
    if (severity === 'error') board.disable('tlsCertificates', element, { message })
    else board.warn('tlsCertificates', element, { message })
  }
  return built.store
}

type DefaultCertificate = Pick<SnapshotTlsOptions, 'configuration' | 'board'>

async function defaultCertificate({ configuration, board }: DefaultCertificate): Promise<CertificatePair> {
  const element = configuration.tlsStores.get('default')
  const written = element?.value.defaultCertificate
  if (element !== undefined && written !== undefined) {
    const loaded = await loadCertificate({ ...written, source: element.name })
    for (const { message } of loaded.problems) board.warn('tlsStores', element, { message, keys: ['defaultCertificate'] })
    if (loaded.kind === 'pair') return loaded.pair
  }
  selfSigned ??= createSelfSigned()
  return selfSigned
}
