import {
  boolean,
  dead,
  list,
  nonEmptyText,
  notYet,
  object,
  oneOf,
  optional,
  refine,
  withDefault,
  type Infer,
} from '../config/schema.ts'
import { cipherSuiteNames, curveNames, isCipherSuiteAvailable, isCurveAvailable } from './cipher-suites.ts'

/** Traefik ignores a version that it does not know, and so serves one that the user meant to forbid. */
const version = oneOf('VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13')

const clientAuthType = oneOf(
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
)

export type ClientAuthType = Infer<typeof clientAuthType>

const clientAuth = refine(
  object({
    /** Paths of PEM files, or PEM texts. */
    caFiles: withDefault(list(nonEmptyText), []),
    clientAuthType: optional(clientAuthType),
  }),
  ({ caFiles, clientAuthType: type }) =>
    caFiles.length === 0 && (type === 'VerifyClientCertIfGiven' || type === 'RequireAndVerifyClientCert')
      ? `${type} needs a CA to verify with (give caFiles)`
      : undefined,
)

const cipherSuite = refine(oneOf(...cipherSuiteNames), (name) =>
  isCipherSuiteAvailable(name) ? undefined : `${name} is not supported (insecure, and missing from the TLS library)`,
)

const curve = refine(oneOf(...curveNames), (name) =>
  isCurveAvailable(name) ? undefined : `${name} is not supported yet (the TLS library has not got it)`,
)

/** A protocol goes on the wire with its length in one byte, and none may be empty (RFC 7301 §3.1). */
const protocol = refine(nonEmptyText, (name) =>
  Buffer.byteLength(name) <= 255 ? undefined : 'is longer than 255 bytes',
)

/** `tls.options.<name>` */
export const tlsOptions = refine(
  object({
    minVersion: withDefault(version, 'VersionTLS12'),
    maxVersion: optional(version),
    cipherSuites: optional(list(cipherSuite)),
    curvePreferences: optional(list(curve)),
    clientAuth: optional(clientAuth),
    sniStrict: withDefault(boolean, false),
    alpnProtocols: withDefault(list(protocol), ['h2', 'http/1.1', 'acme-tls/1']),
    disableSessionTickets: withDefault(boolean, false),
    preferServerCipherSuites: dead(boolean),
  }),
  ({ minVersion, maxVersion }) =>
    maxVersion !== undefined && maxVersion < minVersion
      ? `maxVersion ${maxVersion} is below minVersion ${minVersion}`
      : undefined,
)

export type TlsOptions = Infer<typeof tlsOptions>

/** The options of a router that names none, unless the configuration has its own `default`. */
export const defaultTlsOptions: TlsOptions = {
  minVersion: 'VersionTLS12',
  maxVersion: undefined,
  cipherSuites: undefined,
  curvePreferences: undefined,
  clientAuth: undefined,
  sniStrict: false,
  alpnProtocols: ['h2', 'http/1.1', 'acme-tls/1'],
  disableSessionTickets: false,
}

const certificatePair = {
  /** The path of a PEM file, or its text; the same holds for the key. */
  certFile: nonEmptyText,
  keyFile: nonEmptyText,
}

/** An item of `tls.certificates`. Only the store `default` is ever asked (Traefik §2.5). */
export const tlsCertificate = object({ ...certificatePair, stores: withDefault(list(nonEmptyText), []) })

export type TlsCertificate = Infer<typeof tlsCertificate>

/** `tls.stores.<name>` */
export const tlsStore = object({
  defaultCertificate: optional(object(certificatePair)),
  defaultGeneratedCert: notYet(),
})

export type TlsStore = Infer<typeof tlsStore>
