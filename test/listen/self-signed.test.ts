import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { createSelfSigned } from '../../src/listen/self-signed.ts'

const now = Date.parse('2030-01-02T03:04:05Z')
const pair = await createSelfSigned(now)
const certificate = new X509Certificate(pair.certificate)

describe('createSelfSigned', () => {
  test('makes a certificate that says what it is and that it is its own issuer', () => {
    expect(certificate.subject).toBe('CN=SLUICE DEFAULT CERT')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
  })

  test('gives it a name that nobody asks for', () => {
    expect(pair.names).toEqual([expect.stringMatching(/^[\da-f]{32}\.[\da-f]{32}\.sluice\.default$/)])
  })

  test('lets it hold for a year', () => {
    expect([pair.notBefore, pair.notAfter]).toEqual([now, now + 365 * 86_400_000])
  })

  test('uses a P-256 key', () => {
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  })

  test('makes another one each time', async () => {
    const other = await createSelfSigned(now)
    expect(other.fingerprint).not.toBe(pair.fingerprint)
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(certificate.serialNumber)
  })
})
