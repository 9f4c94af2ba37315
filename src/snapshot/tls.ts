import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { Element } from '../config/dynamic-element.ts'
import type { CertificatePair } from '../listen/certificate.ts'
import { buildCertificateStore, loadCertificate, type CertificateStore } from '../listen/certificate-store.ts'
import { createSelfSigned } from '../listen/self-signed.ts'
import { defaultTlsOptions, type TlsCertificate } from '../listen/tls-options.ts'
import { buildTlsTerms, type TlsTerms } from '../listen/tls-terms.ts'
import type { StatusBoard } from './status.ts'

/** The certificates and TLS options of one snapshot. */
export interface SnapshotTls {
  readonly store: CertificateStore
  /** By the options' name; undefined when they do not exist or are broken. */
  terms(optionsName: string): TlsTerms | undefined
  /** The same for TCP routers, which carry any protocol that the options allow. */
  tcpTerms(optionsName: string): TlsTerms | undefined
}

export interface SnapshotTlsOptions {
  readonly configuration: DynamicConfiguration
  readonly board: StatusBoard
  /** Protocols that can be spoken after a handshake. */
  readonly alpn: readonly string[]
  readonly previous: SnapshotTls | undefined
}

/** Only certificate authorities speak it (RFC 8737), to whoever proves a name; a TCP service never does. */
const acmeProtocol = 'acme-tls/1'

/** Made at the first need, kept for the life of the process: a reload must not change what clients have pinned. */
let selfSigned: Promise<CertificatePair> | undefined

export async function buildTls(options: SnapshotTlsOptions): Promise<SnapshotTls> {
  const store = await buildStore(options)
  const written = [...options.configuration.tlsOptions]
  const named = new Map(written.map(([name, element]) => [name, element.value]))
  if (!named.has('default')) named.set('default', defaultTlsOptions)
  const terms = new Map<string, TlsTerms>()
  const tcpTerms = new Map<string, TlsTerms>()
  const { previous, alpn, board, configuration } = options
  for (const [name, value] of named) {
    const shared = { name, options: value, store }
    const http = await buildTlsTerms({ ...shared, serves: (p) => alpn.includes(p), previous: previous?.terms(name) })
    const tcp = await buildTlsTerms({
      ...shared,
      serves: (p) => p !== acmeProtocol,
      previous: previous?.tcpTerms(name),
    })
    if (http.kind === 'terms') terms.set(name, http.terms)
    if (tcp.kind === 'terms') tcpTerms.set(name, tcp.terms)
    const element = configuration.tlsOptions.get(name)
    if (http.kind === 'problem' && element !== undefined)
      board.disable('tlsOptions', element, { message: http.message })
  }
  return tlsOf(store, terms, tcpTerms)
}

type TermsByName = ReadonlyMap<string, TlsTerms>

/**
 * Apart, because a closure that is made in an async function holds that function's arguments: each snapshot would hold
 * the one before.
 */
function tlsOf(store: CertificateStore, terms: TermsByName, tcpTerms: TermsByName): SnapshotTls {
  return { store, terms: (name) => terms.get(name), tcpTerms: (name) => tcpTerms.get(name) }
}

async function buildStore({ configuration, board }: SnapshotTlsOptions): Promise<CertificateStore> {
  for (const element of configuration.tlsStores.values()) {
    if (element.name !== 'default') board.warn('tlsStores', element, { message: onlyDefault })
  }
  const elements = [...configuration.tlsCertificates.values()].filter((element) => isForDefaultStore(element, board))
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

const onlyDefault = 'has no effect, for only the store "default" is ever asked'

/** Traefik: a certificate for other stores alone is for nobody. */
function isForDefaultStore(element: Element<TlsCertificate>, board: StatusBoard): boolean {
  const { stores } = element.value
  for (const [at, name] of stores.entries()) {
    if (name !== 'default') board.warn('tlsCertificates', element, { message: onlyDefault, keys: ['stores', at] })
  }
  return stores.length === 0 || stores.includes('default')
}

type DefaultCertificate = Pick<SnapshotTlsOptions, 'configuration' | 'board'>

async function defaultCertificate({ configuration, board }: DefaultCertificate): Promise<CertificatePair> {
  const element = configuration.tlsStores.get('default')
  const written = element?.value.defaultCertificate
  if (element !== undefined && written !== undefined) {
    const loaded = await loadCertificate({ ...written, source: element.name })
    for (const { message } of loaded.problems)
      board.warn('tlsStores', element, { message, keys: ['defaultCertificate'] })
    if (loaded.kind === 'pair') return loaded.pair
  }
  selfSigned ??= createSelfSigned()
  return selfSigned
}
