import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import type { TlsFacts } from '../../src/http/exchange.ts'
import { passTLSClientCert } from '../../src/middleware/pass-tls-client-cert.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, pass, someTls } from '../support/request.ts'
import { plainCertificate, richCertificate } from './client-certificates.ts'

const [rich, plain] = await Promise.all([richCertificate(), plainCertificate()])

function overTls(...chain: Uint8Array[]): TlsFacts {
  return { ...someTls, peerCertificates: () => chain }
}

async function told(options: object, tls: TlsFacts | undefined, headers: string[] = []) {
  const { received } = await pass(
    buildMiddleware(passTLSClientCert, options),
    makeRequest({ headers, client: { tls } }),
  )
  return asObject(received!.headers)
}

async function info(options: object, ...chain: Uint8Array[]): Promise<string> {
  const fields = await told({ info: options }, overTls(...chain))
  return decodeURIComponent(fields['X-Forwarded-Tls-Client-Cert-Info']!.replaceAll('+', ' '))
}

function unpadded(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\n/g, '')
}

const all = {
  country: true,
  province: true,
  locality: true,
  organization: true,
  commonName: true,
  serialNumber: true,
  domainComponent: true,
}
const subject =
  'DC=org,DC=cheese,C=FR,ST=Some, State,L=Toulouse,O=Cheese,O=Cheese é,OU=Simple Signing Section,OU=Second Section,SN=12345,CN=*.example.org'
const issuer = subject.replace('OU=Simple Signing Section,OU=Second Section,', '')
const seconds = (date: string) => Date.parse(date) / 1000

describe('passTLSClientCert', () => {
  test('tells the certificates in base64, without their PEM frame', async () => {
    expect(await told({ pem: true }, overTls(rich.der))).toEqual({ 'X-Forwarded-Tls-Client-Cert': unpadded(rich.pem) })
    expect(await told({ pem: true }, overTls(rich.der, plain.der))).toEqual({
      'X-Forwarded-Tls-Client-Cert': `${unpadded(rich.pem)},${unpadded(plain.pem)}`,
    })
  })

  test.each<[object, string]>([
    [{ subject: { ...all, organizationalUnit: true } }, `Subject="${subject}"`],
    [{ issuer: all }, `Issuer="${issuer}"`],
    [{ subject: { commonName: true }, issuer: { country: true } }, 'Subject="CN=*.example.org";Issuer="C=FR"'],
    [{ subject: { organization: true, commonName: false } }, 'Subject="O=Cheese,O=Cheese é"'],
    [{ serialNumber: true }, `SerialNumber="${2n ** 70n}"`],
    [{ sans: true }, 'SAN="*.example.org,b.test,test@example.org,10.0.1.0,2001:db8::1,https://a.test/x"'],
  ])('with %j tells %s', async (options, expected) => {
    expect(await info(options, rich.der)).toBe(expected)
  })

  test('tells the validity in seconds', async () => {
    const { validFrom, validTo } = new X509Certificate(rich.pem)
    const expected = `NB="${seconds(validFrom)}";NA="${seconds(validTo)}"`
    expect(await info({ notBefore: true, notAfter: true }, rich.der)).toBe(expected)
  })

  test('has the parts in one order and leaves out what is not there', async () => {
    const options = { subject: all, issuer: { country: true }, sans: true, serialNumber: true }
    expect(await info(options, plain.der)).toBe('Subject="CN=plain";SerialNumber="7"')
    expect(await info({ sans: true, serialNumber: true }, rich.der)).toMatch(/^SerialNumber="\d+";SAN="[^"]+"$/)
  })

  test('tells of each certificate of the chain', async () => {
    const options = { subject: { commonName: true } }
    expect(await info(options, rich.der, plain.der)).toBe('Subject="CN=*.example.org",Subject="CN=plain"')
  })

  test('escapes as Go does for a query', async () => {
    const fields = await told({ info: { subject: { province: true, commonName: true } } }, overTls(rich.der))
    expect(fields['X-Forwarded-Tls-Client-Cert-Info']).toBe('Subject%3D%22ST%3DSome%2C+State%2CCN%3D%2A.example.org%22')
  })

  test('takes the place of what an earlier hop said', async () => {
    const headers = ['x-forwarded-tls-client-cert', 'forged', 'X-A', 'b']
    expect(await told({ pem: true }, overTls(plain.der), headers)).toEqual({
      'X-A': 'b',
      'X-Forwarded-Tls-Client-Cert': unpadded(plain.pem),
    })
  })

  test.each([
    ['without TLS', undefined],
    ['without a certificate', someTls],
  ])('tells nothing %s', async (_, tls) => {
    expect(await told({ pem: true, info: { sans: true } }, tls, ['X-A', 'b'])).toEqual({ 'X-A': 'b' })
  })

  test('reads the certificates once for a connection', async () => {
    let reads = 0
    const tls: TlsFacts = { ...someTls, peerCertificates: () => ((reads += 1), [rich.der]) }
    const middleware = buildMiddleware(passTLSClientCert, { pem: true, info: { sans: true } })
    const passages = [1, 2, 3].map(() => pass(middleware, makeRequest({ client: { tls } })))
    const [first, second, third] = (await Promise.all(passages)).map(({ received }) => received!.headers)
    expect([second, third]).toEqual([first, first])
    expect(first).toHaveLength(4)
    expect(reads).toBe(1)
  })

  test('blames the client for a certificate that is none', () => {
    const middleware = buildMiddleware(passTLSClientCert, { info: { sans: true } })
    const request = makeRequest({ client: { tls: overTls(new Uint8Array(20)) } })
    expect(() => middleware(() => Promise.reject(new Error('passed')))(request)).toThrow(
      "the client's certificate can't be read",
    )
  })

  test('has no organizationalUnit for an issuer', () => {
    expect(problemsOf(passTLSClientCert, { info: { issuer: { organizationalUnit: true } } })).toEqual([
      'info.issuer.organizationalUnit: unknown key (expected country, province, locality, organization, commonName, serialNumber, domainComponent)',
    ])
  })
})
