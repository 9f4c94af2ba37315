import { isIP } from 'node:net'
import type { HandshakeVerdict } from '../http3/listener.ts'
import type { QuicIdentities } from '../net/quic.ts'
import type { CertificatePair } from './certificate.ts'
import type { CertificateStore } from './certificate-store.ts'
import type { HttpsTarget } from './connection-routes.ts'

/** The certificates of a store as a QUIC listener takes them. Addresses are left out, for no client names one there. */
export function quicIdentities(store: CertificateStore): QuicIdentities {
  const names = store.pairs.flatMap((pair) => pair.names).filter((name) => isIP(name) === 0)
  const found = names.map((name) => [name, store.find(name) ?? store.default] as const)
  return new Map([['*', store.default], ...found])
}

export function haveSameCertificates(left: CertificateStore, right: CertificateStore): boolean {
  const same = ({ fingerprint }: CertificatePair, at: number) => fingerprint === right.pairs[at]?.fingerprint
  return left.pairs.length === right.pairs.length && left.pairs.every(same)
}

/** What a QUIC handshake for a server name counts as, or why it counts for nothing. */
export function judgeQuic({ terms }: HttpsTarget, serverName: string): HandshakeVerdict {
  if (terms === undefined) return { kind: 'refused', reason: 'its TLS options are broken' }
  const reason = terms.quicRefusal(serverName)
  return reason === undefined ? { kind: 'accepted', optionsName: terms.optionsName } : { kind: 'refused', reason }
}
