import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { certificatePair, type CertificatePair } from '../../src/listen/certificate.ts'
import { buildCertificateStore, certificateStore, loadCertificate } from '../../src/listen/certificate-store.ts'
import { createSelfSigned } from '../../src/listen/self-signed.ts'
import { makeCertificate, type CertificateFiles } from '../support/certificate.ts'
import { runProgram } from '../support/process.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'

let folder: TemporaryFolder
let fallback: CertificatePair
let site: CertificateFiles
let other: CertificateFiles

beforeAll(async () => {
  folder = await temporaryFolder()
  fallback = await createSelfSigned()
  site = await makeCertificate(folder.path, 'Site.test', '*.site.test', 'www.site.test', '127.0.0.1', '2001:db8::1')
  other = await makeCertificate(folder.path, 'other.test')
})

afterAll(() => folder[Symbol.asyncDispose]())

function pairOf({ cert, key }: CertificateFiles, source = 'test'): CertificatePair {
  return certificatePair({ certificate: cert, key, source })
}

describe('certificatePair', () => {
  test('takes the names in lower case and addresses in canonical text', () => {
    expect(pairOf(site).names).toEqual(['site.test', '*.site.test', 'www.site.test', '127.0.0.1', '2001:db8::1'])
  })

  test('takes the common name of a certificate without alternative names', async () => {
    const certFile = join(folder.path, 'plain.crt')
    const keyFile = join(folder.path, 'plain.key')
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    await runProgram(
      [
        'openssl',
        'req',
        '-x509',
        ...curve,
        '-subj',
        '/O=Some CN=org/CN=Plain.test',
        '-out',
        certFile,
        '-keyout',
        keyFile,
      ],
      {},
    )
    const [certificate, key] = await Promise.all([Bun.file(certFile).text(), Bun.file(keyFile).text()])
    expect(certificatePair({ certificate, key, source: 'test' }).names).toEqual(['plain.test'])
  })

  test('has the fingerprint of its content, wherever that was written', () => {
    const chatty = { ...site, cert: `# issued by hand\n${site.cert}` }
    expect(pairOf(chatty, 'elsewhere').fingerprint).toBe(pairOf(site).fingerprint)
    expect(pairOf(other).fingerprint).not.toBe(pairOf(site).fingerprint)
  })

  test('minds no parameters before the key', () => {
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    expect(pairOf({ ...site, key: parameters + site.key }).key).toBe(pairOf(site).key)
  })
})

describe('loadCertificate', () => {
  test('reads files', async () => {
    const loaded = await loadCertificate({ ...site, source: 'here' })
    expect(loaded).toMatchObject({ kind: 'pair', problems: [], pair: { source: 'here' } })
  })

  test('takes PEM texts for what they are', async () => {
    const loaded = await loadCertificate({ certFile: site.cert, keyFile: site.key, source: 'here' })
    expect(loaded.kind).toBe('pair')
  })

  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
  const brokenKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
  const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----'
  const encryptedOld = '-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----'

  test.each<[string, () => { certFile?: string; keyFile?: string }, string]>([
    ['a missing file', () => ({ certFile: '/nowhere.pem' }), 'no such file, and not PEM text: "/nowhere.pem"'],
    ['a folder', () => ({ keyFile: '/' }), 'can\'t read the file (EISDIR): "/"'],
    ['the key of another', () => ({ keyFile: other.keyFile }), 'the private key is not that of the certificate'],
    ['a key for a certificate', () => ({ certFile: site.keyFile }), 'certFile holds no PEM certificate'],
    ['a certificate for a key', () => ({ keyFile: site.certFile }), 'keyFile holds no PEM private key'],
    ['nonsense for a certificate', () => ({ certFile: broken }), 'certFile holds no readable certificate'],
    ['nonsense for a key', () => ({ keyFile: brokenKey }), 'keyFile holds no readable private key'],
    [
      'an encrypted key',
      () => ({ keyFile: encrypted }),
      'the private key is encrypted (take its passphrase off: openssl pkey)',
    ],
    [
      'an old encrypted key',
      () => ({ keyFile: encryptedOld }),
      'the private key is encrypted (take its passphrase off: openssl pkey)',
    ],
  ])('says what is wrong with %s', async (_, change, message) => {
    const { certFile, keyFile } = site
    const loaded = await loadCertificate({ certFile, keyFile, ...change(), source: 'tls.certificates[0]' })
    expect(loaded).toEqual({
      kind: 'unusable',
      problems: [{ severity: 'error', source: 'tls.certificates[0]', message }],
    })
  })

  test.each([
    ['expired', 400, /^the certificate expired at \d{4}-/],
    ['is not valid yet', -5, /^the certificate is not valid before \d{4}-/],
  ])('keeps a certificate that %s, with a warning', async (_, daysAgo, message) => {
    const { certificate, key } = await createSelfSigned(Date.now() - daysAgo * 86_400_000)
    const loaded = await loadCertificate({ certFile: certificate, keyFile: key, source: 'old' })
    expect(loaded).toMatchObject({ kind: 'pair', problems: [{ severity: 'warning', source: 'old' }] })
    expect(loaded.problems[0]?.message).toMatch(message)
  })
})

describe('a certificate store', () => {
  test.each([
    ['site.test', 'site'],
    ['www.site.test', 'site'],
    ['any.site.test', 'wide'],
    ['deep.any.site.test', undefined],
    ['127.0.0.1', 'site'],
    ['2001:db8::1', 'site'],
    ['127.0.0.2', undefined],
    ['test', undefined],
    ['', undefined],
  ])('finds for %j %j', async (name, expected) => {
    const wide = await makeCertificate(folder.path, '*.site.test', 'zone.test')
    const store = certificateStore([pairOf(wide, 'wide'), pairOf(site, 'site')], fallback)
    expect(store.find(name)?.source).toBe(expected)
  })

  test('prefers among certificates for one name the last by all their names, whatever their order', async () => {
    const [first, last] = [await namedPair('a', 'b.test', 'a.test'), await namedPair('z', 'b.test', 'z.test')]
    for (const pairs of [
      [first, last],
      [last, first],
    ]) {
      expect(certificateStore(pairs, fallback).find('b.test')?.source).toBe('z')
    }
  })

  test('prefers the first configured of certificates for the same names', () => {
    const pairs = [pairOf(other, 'first'), { ...pairOf(other, 'second'), fingerprint: 'renewed' }]
    expect(certificateStore(pairs, fallback).find('other.test')?.source).toBe('first')
  })

  test('leaves out what is unusable and keeps the rest', async () => {
    const { certFile, keyFile } = other
    const { store, problems } = await buildCertificateStore({
      pairs: [
        { certFile, keyFile: site.keyFile, source: 'bad' },
        { certFile, keyFile, source: 'good' },
      ],
      default: fallback,
    })
    expect(problems.map((problem) => problem.source)).toEqual(['bad'])
    expect(store.find('other.test')?.source).toBe('good')
    expect(store.default).toBe(fallback)
    expect(store.pairs.map((pair) => pair.source)).toEqual(['good', 'self-signed default certificate'])
  })

  async function namedPair(source: string, ...names: [string, ...string[]]): Promise<CertificatePair> {
    const files = await makeCertificate(folder.path, ...names)
    await unlink(files.certFile)
    return pairOf(files, source)
  }
})
