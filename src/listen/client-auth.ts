import type { ClientAuthType } from './tls-options.ts'

/** What the end of a handshake told about the client's certificate. */
export interface ClientVerification {
  /** False: the handshake itself failed. */
  readonly ok: boolean
  /**
   * Why the certificate did not verify. Set although `ok`, and set as well (UNABLE_TO_GET_ISSUER_CERT) when there is no
   * certificate at all, so by itself it says nothing.
   */
  readonly error: Error | null | undefined
  readonly hasCertificate: boolean
}

interface ClientAuthRules {
  readonly isRequested: boolean
  readonly isRequired: boolean
  readonly isVerified: boolean
}

const rules: Readonly<Record<ClientAuthType, ClientAuthRules>> = {
  NoClientCert: { isRequested: false, isRequired: false, isVerified: false },
  RequestClientCert: { isRequested: true, isRequired: false, isVerified: false },
  RequireAnyClientCert: { isRequested: true, isRequired: true, isVerified: false },
  VerifyClientCertIfGiven: { isRequested: true, isRequired: false, isVerified: true },
  RequireAndVerifyClientCert: { isRequested: true, isRequired: true, isVerified: true },
}

/** Why the connection must be closed now, or undefined to go on. The library's own verdict is not enough. */
export function clientRefusal(type: ClientAuthType, verification: ClientVerification): string | undefined {
  const { isRequested, isRequired, isVerified } = rules[type]
  const { ok, error, hasCertificate } = verification
  if (!ok) return `TLS handshake failed: ${error?.message ?? 'no reason given'}`
  if (!isRequested) return undefined
  if (!hasCertificate) return isRequired ? 'the client sent no certificate' : undefined
  if (!isVerified || error === null || error === undefined) return undefined
  return `the client's certificate did not verify: ${error.message}`
}

/** For the library: with both set it refuses by itself and sends the alert that says so. */
export function verifyMode(type: ClientAuthType): {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
} {
  const { isRequested, isRequired, isVerified } = rules[type]
  return { requestCert: isRequested, rejectUnauthorized: isRequired && isVerified }
}
