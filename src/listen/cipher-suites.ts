/**
 * Go's names of cipher suites, as Traefik's configuration has them, and the names that the TLS library here knows them
 * by. `undefined`: the library has not got it (RC4, CBC with SHA-256 and RSA key exchange, 3DES).
 */
const libraryNames: ReadonlyMap<string, string | undefined> = new Map([
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE-ECDSA-AES128-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'DES-CBC3-SHA'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA256', undefined],
  ['TLS_RSA_WITH_RC4_128_SHA', undefined],
  ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', undefined],
  ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', undefined],
  ['TLS_ECDHE_ECDSA_WITH_RC4_128_SHA', undefined],
])

/** Those of TLS 1.3 are accepted and ignored, since that version has all of them always on (in Go too). */
const version13Suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** Not a cipher but a client's signal (RFC 7507), which the library always honours. */
const ignoredSuites = [...version13Suites, 'TLS_FALLBACK_SCSV']

export const cipherSuiteNames: readonly string[] = [...libraryNames.keys(), ...ignoredSuites]

export function isCipherSuiteAvailable(name: string): boolean {
  return libraryNames.get(name) !== undefined || ignoredSuites.includes(name)
}

/** Go's defaults for TLS 1.2 and older, in Go's order of preference: no key exchange without forward secrecy. */
const defaultSuites = [...libraryNames.values()].slice(0, 12)

/** The OpenSSL cipher list for TLS 1.2 and older; '' when only suites of TLS 1.3 are named. */
export function cipherList(names: readonly string[] | undefined): string {
  const suites = names === undefined ? defaultSuites : names.map((name) => libraryNames.get(name))
  return [...new Set(suites.filter((suite) => suite !== undefined))].join(':')
}

/** Traefik's names of curves in any of its spellings, to the library's; `undefined` where the library has none. */
const curves: ReadonlyMap<string, string | undefined> = new Map([
  ['X25519', 'X25519'],
  ['x25519', 'X25519'],
  ['CurveP256', 'P-256'],
  ['secp256r1', 'P-256'],
  ['CurveP384', 'P-384'],
  ['secp384r1', 'P-384'],
  ['CurveP521', 'P-521'],
  ['secp521r1', 'P-521'],
  ['X25519MLKEM768', 'X25519MLKEM768'],
  ['x25519mlkem768', 'X25519MLKEM768'],
  ['SecP256r1MLKEM768', undefined],
  ['secp256r1mlkem768', undefined],
  ['SecP384r1MLKEM1024', undefined],
  ['secp384r1mlkem1024', undefined],
])

export const curveNames: readonly string[] = [...curves.keys()]

export function isCurveAvailable(name: string): boolean {
  return curves.get(name) !== undefined
}

/** The library's list of curves for names that are available. */
export function curveList(names: readonly string[]): string {
  return [...new Set(names.map((name) => curves.get(name)).filter((curve) => curve !== undefined))].join(':')
}
