import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { certificatePair, type CertificatePair } from '../../src/listen/certificate.ts'
import { certificateStore } from '../../src/listen/certificate-store.ts'
import { createSelfSigned } from '../../src/listen/self-signed.ts'
import { defaultTlsOptions, type TlsOptions } from '../../src/listen/tls-options.ts'
import { buildTlsTerms, type TlsTerms, type TlsTermsOptions } from '../../src/listen/tls-terms.ts'
import { makeCertificate, type CertificateFiles } from '../support/certificate.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'
import { opensslClient, tlsServer, type ServerSide } from './tls-peers.ts'

let folder: TemporaryFolder
let fallback: CertificatePair
let site: CertificatePair
let friend: CertificateFiles
let stranger: CertificateFiles

beforeAll(async () => {
  folder = await temporaryFolder()
  fallback = await createSelfSigned()
  const { cert, key } = await makeCertificate(folder.path, 'site.test')
  site = certificatePair({ certificate: cert, key, source: 'site' })
  friend = await makeCertificate(folder.path, 'friend')
  stranger = await makeCertificate(folder.path, 'stranger')
})

afterAll(() => folder[Symbol.asyncDispose]())

function build(options: Partial<TlsOptions>, more: Partial<TlsTermsOptions> = {}) {
  return buildTlsTerms({
    name: 'default',
    options: { ...defaultTlsOptions, ...options },
    store: certificateStore([site], fallback),
    serves: (protocol) => protocol === 'http/1.1',
    ...more,
  })
}

async function termsOf(options: Partial<TlsOptions>, more: Partial<TlsTermsOptions> = {}): Promise<TlsTerms> {
  const outcome = await build(options, more)
  if (outcome.kind === 'problem') throw new Error(outcome.message)
  return outcome.terms
}

interface Meeting {
  readonly output: string
  readonly server: ServerSide | undefined
}

async function meet(options: Partial<TlsOptions>, ...client: readonly string[]): Promise<Meeting> {
  const terms = await termsOf(options)
  using server = tlsServer(() => terms)
  const output = await opensslClient(server.port, ...client)
  return { output, server: server.seen[0] }
}

describe('a connection', () => {
  test('gets the certificate for its server name', async () => {
    const { output, server } = await meet({}, '-servername', 'SITE.test')
    expect(output).toContain('subject=CN = site.test')
    expect(output).toContain('welcome')
    expect(server).toEqual({ refusal: undefined, version: 'TLSv1.3', alpn: '', isResumed: false })
  })

  test.each([
    ['another name', ['-servername', 'other.test']],
    ['no name', ['-noservername']],
  ])('with %s gets the default certificate', async (_, client) => {
    const { output } = await meet({}, ...client)
    expect(output).toContain('subject=CN = SLUICE DEFAULT CERT')
    expect(output).toContain('welcome')
  })

  test.each([
    ['another name', ['-servername', 'other.test'], 'unrecognized name'],
    ['no name', ['-noservername'], 'unrecognized name'],
    ['a name that has a certificate', ['-servername', 'site.test'], 'welcome'],
  ])('with %s under sniStrict ends in %3$s', async (_, client, expected) => {
    const { output } = await meet({ sniStrict: true }, ...client)
    expect(output).toContain(expected)
  })

  test('without a name gets the certificate for the address that it came to', async () => {
    const { cert, key } = await makeCertificate(folder.path, 'by-address', '127.0.0.1')
    const pair = certificatePair({ certificate: cert, key, source: 'address' })
    const terms = await termsOf({ sniStrict: true }, { store: certificateStore([pair], fallback) })
    using server = tlsServer(() => terms)
    expect(await opensslClient(server.port, '-noservername')).toContain('subject=CN = by-address')
  })
})

describe('the protocol', () => {
  test.each([
    ['h2,http/1.1', 'http/1.1'],
    ['http/1.1', 'http/1.1'],
  ])('for an offer of %s is %s', async (offer, expected) => {
    const { output, server } = await meet({}, '-alpn', offer)
    expect(output).toContain(`ALPN protocol: ${expected}`)
    expect(server?.alpn).toBe(expected)
  })

  test("is by the server's preference", async () => {
    const terms = await termsOf({ alpnProtocols: ['b', 'a'] }, { serves: () => true })
    using server = tlsServer(() => terms)
    expect(await opensslClient(server.port, '-alpn', 'a,b')).toContain('ALPN protocol: b')
  })

  test('that nobody serves ends the handshake with its alert', async () => {
    const { output, server } = await meet({}, '-alpn', 'h2')
    expect(output).toContain('alert no application protocol')
    expect(server?.refusal).toContain('NO_APPLICATION_PROTOCOL')
  })

  test('is not spoken of when alpnProtocols is empty', async () => {
    const { output } = await meet({ alpnProtocols: [] }, '-alpn', 'h2')
    expect(output).toContain('No ALPN negotiated')
    expect(output).toContain('welcome')
  })
})

describe('options', () => {
  test.each<[string, Partial<TlsOptions>, string[], string]>([
    ['minVersion', { minVersion: 'VersionTLS13' }, ['-tls1_2'], 'alert protocol version'],
    ['the default minVersion', {}, ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], 'alert protocol version'],
    ['maxVersion', { maxVersion: 'VersionTLS12' }, [], 'New, TLSv1.2'],
    [
      'an old minVersion',
      { minVersion: 'VersionTLS10' },
      ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'],
      'Protocol  : TLSv1\n',
    ],
    ['curvePreferences', { curvePreferences: ['secp384r1'] }, [], 'Server Temp Key: ECDH, secp384r1'],
    [
      'curvePreferences without overlap',
      { curvePreferences: ['CurveP521'] },
      ['-curves', 'X25519'],
      'handshake failure',
    ],
    [
      'cipherSuites',
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] },
      ['-tls1_2'],
      'Cipher is ECDHE-ECDSA-AES128-SHA',
    ],
    [
      'cipherSuites without overlap',
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] },
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
      'handshake failure',
    ],
    ['cipherSuites of TLS 1.3 alone', { cipherSuites: ['TLS_AES_128_GCM_SHA256'] }, ['-tls1_2'], 'protocol version'],
    ['cipherSuites before 1.3', { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }, [], 'New, TLSv1.3'],
    [
      "the server's order of ciphers",
      {},
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'],
      'Cipher is ECDHE-ECDSA-AES128-GCM-SHA256',
    ],
  ])('%s have their effect', async (_, options, client, expected) => {
    expect((await meet(options, ...client)).output).toContain(expected)
  })

  test.each<[string, Partial<TlsOptions>, string]>([
    ['a missing CA file', { clientAuth: { caFiles: ['/nowhere.pem'], clientAuthType: undefined } }, 'no such file'],
    [
      'a CA file without CA',
      { clientAuth: { caFiles: [import.meta.path], clientAuthType: undefined } },
      'holds no PEM',
    ],
    ['no protocol that is served', { alpnProtocols: ['h2'] }, 'alpnProtocols: none of h2 can be served'],
    [
      'no cipher suite left',
      { cipherSuites: ['TLS_AES_128_GCM_SHA256'], maxVersion: 'VersionTLS12' },
      'cipherSuites: none is for VersionTLS12 or older',
    ],
  ])('with %s are a problem', async (_, options, message) => {
    expect(await build(options)).toEqual({ kind: 'problem', message: expect.stringContaining(message) })
  })
})

describe('client certificates', () => {
  const refused = "the client's certificate did not verify"

  test.each([
    ['NoClientCert', 'none', undefined],
    ['NoClientCert', 'stranger', undefined],
    ['RequestClientCert', 'none', undefined],
    ['RequestClientCert', 'stranger', undefined],
    ['RequestClientCert', 'friend', undefined],
    ['RequireAnyClientCert', 'none', 'the client sent no certificate'],
    ['RequireAnyClientCert', 'stranger', undefined],
    ['RequireAnyClientCert', 'friend', undefined],
    ['VerifyClientCertIfGiven', 'none', undefined],
    ['VerifyClientCertIfGiven', 'stranger', refused],
    ['VerifyClientCertIfGiven', 'friend', undefined],
    ['RequireAndVerifyClientCert', 'none', 'PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['RequireAndVerifyClientCert', 'stranger', refused],
    ['RequireAndVerifyClientCert', 'friend', undefined],
    [undefined, 'none', 'PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    [undefined, 'friend', undefined],
  ] as const)('under %s, with the certificate of %s: %s', async (clientAuthType, who, refusal) => {
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { output, server } = await meet(
        { clientAuth: { caFiles: [friend.certFile], clientAuthType } },
        version,
        ...certificateOf(who),
      )
      expect(output.includes('welcome')).toBe(refusal === undefined)
      if (refusal === undefined) expect(server?.refusal).toBeUndefined()
      else expect(server?.refusal).toContain(refusal)
    }
  })

  function certificateOf(who: 'none' | 'friend' | 'stranger'): string[] {
    if (who === 'none') return []
    const { certFile, keyFile } = who === 'friend' ? friend : stranger
    return ['-cert', certFile, '-key', keyFile]
  }
})

describe('a session', () => {
  const versions = ['-tls1_2', '-tls1_3'] as const

  test.each(versions)('is resumed with %s', async (version) => {
    const terms = await termsOf({})
    expect(await resumes({ first: terms, reload: async () => terms, version })).toBe(true)
  })

  test.each(versions)(
    'is resumed with %s after a reload that changed neither certificate nor options',
    async (version) => {
      const first = await termsOf({})
      const renamed = certificatePair({ ...site, source: 'read again' })
      const reload = () => termsOf({}, { store: certificateStore([renamed], fallback), previous: first })
      expect(await resumes({ first, reload, version })).toBe(true)
    },
  )

  test.each(versions)('is not resumed with %s under options that ask for a certificate', async (version) => {
    const first = await termsOf({})
    const clientAuth = { caFiles: [friend.certFile], clientAuthType: 'RequireAnyClientCert' } as const
    const reload = () => termsOf({ clientAuth }, { previous: first })
    expect(await resumes({ first, reload, version })).toBe(false)
  })

  test.each(versions)('is not resumed with %s when session tickets are disabled', async (version) => {
    const terms = await termsOf({ disableSessionTickets: true })
    expect(await resumes({ first: terms, reload: async () => terms, version })).toBe(false)
  })

  interface Resumption {
    readonly first: TlsTerms
    readonly reload: () => Promise<TlsTerms>
    readonly version: string
  }

  async function resumes({ first, reload, version }: Resumption): Promise<boolean> {
    let terms = first
    using server = tlsServer(() => terms)
    const session = join(folder.path, `session-${crypto.randomUUID()}`)
    const client = [version, '-servername', 'site.test', '-cert', friend.certFile, '-key', friend.keyFile]
    await opensslClient(server.port, ...client, '-sess_out', session)
    terms = await reload()
    if (!(await Bun.file(session).exists())) return false
    await opensslClient(server.port, ...client, '-sess_in', session)
    return server.seen[1]?.isResumed === true
  }
})

describe('terms', () => {
  test('give every connection with a certificate the same object', async () => {
    const terms = await termsOf({})
    expect(terms.choose('site.test', '')).toBe(terms.choose('site.test', '')!)
    expect(terms.choose('a', '')).toBe(terms.choose('b', '')!)
    expect(terms.choose('a', '')).not.toBe(terms.choose('site.test', '')!)
  })

  test('tell the name of their options', async () => {
    expect((await termsOf({}, { name: 'strict@file' })).optionsName).toBe('strict@file')
  })
})
