import { createSecureContext } from 'node:tls'
import { certificatePair, type CertificatePair } from './certificate.ts'
import { readPem } from './read-pem.ts'

export interface CertificateSource {
  /** The path of a PEM file, or its text. */
  readonly certFile: string
  readonly keyFile: string
  /** For messages, and to know the certificate again: `tls.certificates[0]`. */
  readonly source: string
}

export interface CertificateProblem {
  /** `error`: the certificate is not used. `warning`: it is, but clients will not like it. */
  readonly severity: 'error' | 'warning'
  readonly source: string
  readonly message: string
}

/** The certificates of one snapshot. */
export interface CertificateStore {
  readonly default: CertificatePair
  /** For a server name in lower case, or an address in canonical text: an exact name before a wildcard. */
  find(name: string): CertificatePair | undefined
  /** Every certificate, the default one too. */
  readonly pairs: readonly CertificatePair[]
}

export type LoadedCertificate =
  | { readonly kind: 'pair'; readonly pair: CertificatePair; readonly problems: readonly CertificateProblem[] }
  | { readonly kind: 'unusable'; readonly problems: readonly CertificateProblem[] }

/** Reads and checks one pair. An expired one is used all the same, as Traefik does: better than a stranger's. */
export async function loadCertificate({ certFile, keyFile, source }: CertificateSource): Promise<LoadedCertificate> {
  try {
    const certificate = await readPem(certFile)
    const key = await readPem(keyFile)
    const pair = certificatePair({ certificate, key, source })
    // What the library would refuse at the first handshake (a key too short, a broken chain) is told now.
    createSecureContext({ cert: pair.certificate, key: pair.key })
    return { kind: 'pair', pair, problems: validityProblems(pair) }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { kind: 'unusable', problems: [{ severity: 'error', source, message }] }
  }
}

export interface CertificateStoreOptions {
  readonly pairs: readonly CertificateSource[]
  /** For names that no certificate is for. */
  readonly default: CertificatePair
}

export interface BuiltCertificateStore {
  readonly store: CertificateStore
  /** Pairs with an error are left out of the store. */
  readonly problems: readonly CertificateProblem[]
}

export async function buildCertificateStore(options: CertificateStoreOptions): Promise<BuiltCertificateStore> {
  const loaded = await Promise.all(options.pairs.map(loadCertificate))
  const pairs = loaded.flatMap((outcome) => (outcome.kind === 'pair' ? [outcome.pair] : []))
  return {
    store: certificateStore(pairs, options.default),
    problems: loaded.flatMap((outcome) => outcome.problems),
  }
}

export function certificateStore(pairs: readonly CertificatePair[], fallback: CertificatePair): CertificateStore {
  const pairByName = new Map<string, CertificatePair>()
  for (const pair of byPrecedence(pairs)) {
    for (const name of pair.names) {
      if (!pairByName.has(name)) pairByName.set(name, pair)
    }
  }
  return {
    default: fallback,
    pairs: [...pairs, fallback],
    find: (name) => pairByName.get(name) ?? pairByName.get(wildcardOf(name)),
  }
}

/** Traefik's order where several are for one name: by all their names in reverse, then as configured. */
function byPrecedence(pairs: readonly CertificatePair[]): readonly CertificatePair[] {
  const key = (pair: CertificatePair): string => pair.names.toSorted().join(',')
  return pairs
    .map((pair) => ({ pair, key: key(pair) }))
    .sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? 1 : -1))
    .map(({ pair }) => pair)
}

/** A wildcard stands for the first label alone (RFC 9525 §6.3). */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : `*${name.slice(dot)}`
}

function validityProblems({ notBefore, notAfter, source }: CertificatePair): readonly CertificateProblem[] {
  const now = Date.now()
  const day = (time: number): string => new Date(time).toISOString()
  if (notAfter < now) return [{ severity: 'warning', source, message: `the certificate expired at ${day(notAfter)}` }]
  if (notBefore <= now) return []
  return [{ severity: 'warning', source, message: `the certificate is not valid before ${day(notBefore)}` }]
}
