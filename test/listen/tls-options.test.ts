import { describe, expect, test } from 'bun:test'
import { defaultTlsOptions, tlsCertificate, tlsOptions, tlsStore } from '../../src/listen/tls-options.ts'
import { decodeText } from '../config/decode-text.ts'

describe('tls.options', () => {
  test('are the defaults where nothing is said', () => {
    expect(decodeText(tlsOptions, 'sniStrict: false')).toEqual({ value: defaultTlsOptions, problems: [] })
  })

  test('take every key of Traefik', () => {
    const text = `
minVersion: VersionTLS13
maxVersion: VersionTLS13
cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
curvePreferences: [X25519MLKEM768, CurveP521, secp384r1]
clientAuth: { caFiles: [a.pem, b.pem], clientAuthType: VerifyClientCertIfGiven }
sniStrict: true
alpnProtocols: [http/1.1]
disableSessionTickets: true
`
    expect(decodeText(tlsOptions, text)).toEqual({
      value: {
        minVersion: 'VersionTLS13',
        maxVersion: 'VersionTLS13',
        cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
        curvePreferences: ['X25519MLKEM768', 'CurveP521', 'secp384r1'],
        clientAuth: { caFiles: ['a.pem', 'b.pem'], clientAuthType: 'VerifyClientCertIfGiven' },
        sniStrict: true,
        alpnProtocols: ['http/1.1'],
        disableSessionTickets: true,
      },
      problems: [],
    })
  })

  test('warn of preferServerCipherSuites, which is dead', () => {
    const { value, problems } = decodeText(tlsOptions, 'preferServerCipherSuites: true')
    expect(value).toEqual(defaultTlsOptions)
    expect(problems).toEqual(['file:1:1: preferServerCipherSuites: warning: has no effect'])
  })

  test.each([
    ['minVersion: TLS12', 'minVersion: "TLS12" is not known (expected "VersionTLS10", '],
    ['maxVersion: VersionTLS11', 'maxVersion VersionTLS11 is below minVersion VersionTLS12'],
    [
      'cipherSuites: [TLS_RSA_WITH_RC4_128_SHA]',
      'cipherSuites[0]: TLS_RSA_WITH_RC4_128_SHA is not supported (insecure',
    ],
    ['cipherSuites: [ECDHE-RSA-AES128-SHA]', 'cipherSuites[0]: "ECDHE-RSA-AES128-SHA" is not known (expected "TLS_'],
    ['curvePreferences: [SecP256r1MLKEM768]', 'curvePreferences[0]: SecP256r1MLKEM768 is not supported yet'],
    ['curvePreferences: [P-256]', 'curvePreferences[0]: "P-256" is not known (expected "X25519"'],
    ['clientAuth: { clientAuthType: Any }', 'clientAuth.clientAuthType: "Any" is not known'],
    [
      'clientAuth: { clientAuthType: RequireAndVerifyClientCert }',
      'clientAuth: RequireAndVerifyClientCert needs a CA to verify with (give caFiles)',
    ],
    [
      'clientAuth: { clientAuthType: VerifyClientCertIfGiven }',
      'clientAuth: VerifyClientCertIfGiven needs a CA to verify with (give caFiles)',
    ],
    ['alpnProtocols: [""]', 'alpnProtocols[0]: is empty'],
    [`alpnProtocols: [${'x'.repeat(256)}]`, 'alpnProtocols[0]: is longer than 255 bytes'],
    ['sniStrikt: true', 'sniStrikt: unknown key'],
  ])('refuse %s', (text, message) => {
    const { value, problems } = decodeText(tlsOptions, text)
    expect(value).toBeUndefined()
    expect(problems).toEqual([expect.stringContaining(message)])
  })
})

describe('tls.certificates', () => {
  test('have a certificate and a key, and may name stores', () => {
    const text = '{ certFile: a.crt, keyFile: a.key, stores: [default] }'
    expect(decodeText(tlsCertificate, text).value).toEqual({ certFile: 'a.crt', keyFile: 'a.key', stores: ['default'] })
  })

  test.each(['{ certFile: a.crt }', '{ keyFile: a.key }', '{ certFile: "", keyFile: a.key }'])('refuse %s', (text) => {
    const { value, problems } = decodeText(tlsCertificate, text)
    expect([value, problems.length]).toEqual([undefined, 1])
  })
})

describe('tls.stores', () => {
  test('have a default certificate', () => {
    const text = 'defaultCertificate: { certFile: a.crt, keyFile: a.key }'
    expect(decodeText(tlsStore, text).value).toEqual({ defaultCertificate: { certFile: 'a.crt', keyFile: 'a.key' } })
  })

  test('know of no certificate resolver yet', () => {
    const { problems } = decodeText(tlsStore, 'defaultGeneratedCert: { resolver: le }')
    expect(problems).toEqual(['file:1:1: defaultGeneratedCert: not supported yet'])
  })
})
