import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { inRecords, messageOf, opensslHello } from '../listen/client-hellos.ts'
import { within } from '../provider/within.ts'
import { makeCertificate, type CertificateFiles } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { rawClient } from '../support/raw-client.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'
import { openssl } from './openssl.ts'
import { buildExecutable, curl, startProxy } from './proxy.ts'

let folder: TemporaryFolder
let exact: CertificateFiles
let wildcard: CertificateFiles
let fallback: CertificateFiles

beforeAll(async () => {
  await buildExecutable()
  folder = await temporaryFolder()
  exact = await makeCertificate(folder.path, 'exact.wild.test')
  wildcard = await makeCertificate(folder.path, '*.wild.test')
  fallback = await makeCertificate(folder.path, 'fallback.test')
}, 60_000)

afterAll(() => folder[Symbol.asyncDispose]())

const pair = ({ certFile, keyFile }: CertificateFiles) => ({ certFile, keyFile })
const whoami = { rule: 'PathPrefix(`/`)', service: 'whoami@internal', tls: {} }

interface TlsPlan {
  readonly tls?: object
  readonly routers?: object
  readonly static?: Record<string, unknown>
}

function startTls({ tls = {}, routers = { whoami }, static: staticPart = {} }: TlsPlan = {}) {
  return startProxy({ static: staticPart, dynamic: { http: { routers }, tls } })
}

const stores = () => ({ default: { defaultCertificate: pair(fallback) } })
const certificates = () => [pair(wildcard), pair(exact)]

async function subjectFor(port: number, name: string | undefined): Promise<string> {
  const named = name === undefined ? ['-noservername'] : ['-servername', name]
  const { output } = await openssl(port, { options: named, until: /Verify return code/ })
  return /^subject=CN = (\S+)/m.exec(output)?.[1] ?? `no certificate: ${output}`
}

async function bunClient(port: number, name: string, options: object = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: name, rejectUnauthorized: false, ...options })
  await within(
    new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)),
    'TLS',
  )
  return socket
}

describe('the certificate', () => {
  test.each([
    ['exact.wild.test', 'exact.wild.test'],
    ['EXACT.wild.test', 'exact.wild.test'],
    ['other.wild.test', '*.wild.test'],
    ['a.b.wild.test', 'fallback.test'],
    ['wild.test', 'fallback.test'],
    [undefined, 'fallback.test'],
  ])('for the server name %p is that of %s', async (name, subject) => {
    await using proxy = await startTls({ tls: { certificates: certificates(), stores: stores() } })
    expect(await subjectFor(proxy.port(), name)).toBe(subject)
  })

  test('is self-signed without any, and stays the same over a reload', async () => {
    await using proxy = await startTls()
    const fingerprint = async () => {
      const socket = await bunClient(proxy.port(), 'any.test')
      const found = socket.getPeerCertificate().fingerprint256
      socket.destroy()
      return found
    }
    const before = await fingerprint()
    await proxy.reconfigure({
      http: { routers: { whoami, other: { ...whoami, rule: 'Path(`/reloaded`)', service: 'noop@internal' } } },
    })
    await eventually(async () => (await curl(proxy.port(), 'https://a.test/reloaded', '-k')).status === 418, 'reload')
    expect(await fingerprint()).toBe(before)
  })

  test('is refused with unrecognized_name under sniStrict', async () => {
    const tls = { certificates: certificates(), options: { default: { sniStrict: true } } }
    await using proxy = await startTls({ tls })
    expect(await subjectFor(proxy.port(), 'exact.wild.test')).toBe('exact.wild.test')
    for (const name of ['-noservername', '-servername=nobody.test']) {
      const { output } = await openssl(proxy.port(), { options: name.split('=') })
      expect(output).toContain('unrecognized name')
    }
  })

  test('that is replaced on disk is served without a restart, and open connections go on', async () => {
    await using own = await temporaryFolder()
    const first = await makeCertificate(own.path, 'live.test')
    await using proxy = await startTls({ tls: { certificates: [pair(first)] } })
    const open = await bunClient(proxy.port(), 'live.test')
    const before = open.getPeerCertificate().fingerprint256
    await makeCertificate(own.path, 'live.test')
    const fingerprint = async () => {
      const socket = await bunClient(proxy.port(), 'live.test')
      const found = socket.getPeerCertificate().fingerprint256
      socket.destroy()
      return found
    }
    await eventually(async () => (await fingerprint()) !== before, 'the new certificate')
    open.write('GET / HTTP/1.1\r\nHost: live.test\r\n\r\n')
    const [answer] = await within(
      new Promise<Buffer[]>((resolve) => open.once('data', (bytes) => resolve([bytes as Buffer]))),
      'answer',
    )
    expect(String(answer)).toStartWith('HTTP/1.1 200')
    open.destroy()
  })

  test('that can’t be read is told with its place, and the others are served', async () => {
    await using proxy = await startTls({
      tls: { certificates: [pair(exact), { certFile: '/no/such.crt', keyFile: '/no/such.key' }] },
    })
    await proxy.sluice.waitFor(/dynamic\.yaml:1:\d+: tls\.certificates\[1\].*\/no\/such\.crt/)
    expect(await subjectFor(proxy.port(), 'exact.wild.test')).toBe('exact.wild.test')
  })
})

describe('the handshake', () => {
  test.each([
    ['-tls1_2', 'TLSv1.2'],
    ['-tls1_3', 'TLSv1.3'],
  ])('is spoken with %s', async (option, version) => {
    await using proxy = await startTls()
    const { output } = await openssl(proxy.port(), { options: [option], until: /Verify return code/ })
    expect(output).toContain(`New, ${version}`)
  })

  test.each([
    [{ minVersion: 'VersionTLS13' }, '-tls1_2'],
    [{ maxVersion: 'VersionTLS12' }, '-tls1_3'],
    [{}, '-tls1_1'],
  ])('under %j is refused with %s', async (options, option) => {
    await using proxy = await startTls({ tls: { options: { default: options } } })
    const { output } = await openssl(proxy.port(), { options: [option, '-cipher', 'ALL:@SECLEVEL=0'] })
    expect(output).toMatch(/alert protocol version|alert handshake failure/)
  })

  test('chooses http/1.1 from a client’s list, and refuses a list without overlap', async () => {
    await using proxy = await startTls()
    const { output } = await openssl(proxy.port(), {
      options: ['-alpn', 'spdy/3,http/1.1'],
      until: /Verify return code/,
    })
    expect(output).toContain('ALPN protocol: http/1.1')
    const refused = await openssl(proxy.port(), { options: ['-alpn', 'spdy/3'] })
    expect(refused.output).toContain('no application protocol')
  })

  test('resumes a session over a new connection', async () => {
    await using proxy = await startTls()
    const session = `${folder.path}/session.pem`
    for (const version of ['-tls1_2', '-tls1_3']) {
      const input = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
      const first = await openssl(proxy.port(), {
        options: [version, '-sess_out', session],
        input,
        until: /Hostname:[^]*closed/,
      })
      expect(first.output).toContain('New, TLS')
      const again = await openssl(proxy.port(), { options: [version, '-sess_in', session], input, until: /Hostname:/ })
      expect(again.output).toContain('Reused, TLS')
    }
  })

  test.each([
    ['one byte a segment', 1, 16_384],
    ['seven bytes a segment', 7, 16_384],
    ['records of one byte', 16_384, 1],
    ['records of five bytes in segments of three', 3, 5],
  ])('takes a ClientHello in %s', async (_name, segmentBytes, recordBytes) => {
    await using proxy = await startTls({ tls: { certificates: certificates(), stores: stores() } })
    const hello = await opensslHello('-servername', 'exact.wild.test', '-tls1_2')
    const cut = inRecords(messageOf(hello), recordBytes)
    using client = await rawClient(proxy.port())
    client.socket.setNoDelay(true)
    for (let at = 0; at < cut.length; at += segmentBytes) {
      client.write(cut.subarray(at, at + segmentBytes))
      await new Promise(setImmediate)
    }
    // The certificate message of TLS 1.2 is in the clear.
    await client.waitFor(/exact\.wild\.test/)
  })

  test('of a slow-drip client is cut after the read time-out', async () => {
    const respondingTimeouts = { readTimeout: '400ms' }
    await using proxy = await startTls({
      static: { entryPoints: { web: { address: '127.0.0.1:0', transport: { respondingTimeouts } } } },
    })
    const hello = await opensslHello('-servername', 'a.test')
    using client = await rawClient(proxy.port())
    const startedAt = performance.now()
    let at = 0
    const drip = setInterval(() => client.write(hello.subarray(at, ++at)), 50)
    await within(client.ended, 'the cut')
    clearInterval(drip)
    expect(performance.now() - startedAt).toBeGreaterThan(350)
  })

  test('that stops after the ClientHello is cut after the read time-out', async () => {
    const respondingTimeouts = { readTimeout: '300ms' }
    await using proxy = await startTls({
      static: { entryPoints: { web: { address: '127.0.0.1:0', transport: { respondingTimeouts } } } },
    })
    using client = await rawClient(proxy.port())
    client.write(await opensslHello('-servername', 'a.test'))
    await client.waitFor((bytes) => bytes.length > 100)
    await within(client.ended, 'the cut')
  })

  test('with garbage behind a TLS record’s first byte is closed', async () => {
    await using proxy = await startTls()
    using client = await rawClient(proxy.port())
    client.write(Buffer.concat([Buffer.of(0x16, 3, 1, 0, 200, 2), Buffer.alloc(300, 0xaa)]))
    await within(client.ended, 'the end')
    expect((await curl(proxy.port(), 'https://a.test/', '-k')).status).toBe(200)
  })

  test('with garbage of no protocol gets 400', async () => {
    await using proxy = await startTls()
    using client = await rawClient(proxy.port())
    client.write(Buffer.alloc(64, 0xfe))
    await client.waitFor(/^HTTP\/1\.1 400 /)
    await within(client.ended, 'the end')
  })
})

describe('TLS options', () => {
  const optioned = (host: string, options: string) => ({
    rule: `Host(\`${host}\`)`,
    service: 'whoami@internal',
    tls: { options },
  })
  const options = { strict: { minVersion: 'VersionTLS13' }, loose: { minVersion: 'VersionTLS12' } }

  test('of another host’s handshake give 421; the same ones allow fronting', async () => {
    const routers = { a: optioned('a.test', 'strict'), b: optioned('b.test', 'loose'), c: optioned('c.test', 'strict') }
    await using proxy = await startTls({ tls: { options }, routers })
    const front = (host: string) => curl(proxy.port(), 'https://a.test/', '-k', '-H', `Host: ${host}`)
    expect((await front('a.test')).status).toBe(200)
    expect((await front('c.test')).status).toBe(200)
    const { status, body } = await front('b.test')
    expect({ status, body }).toEqual({ status: 421, body: 'Misdirected Request\n' })
  })

  test('that differ for one host fall back to the default, with a warning', async () => {
    const routers = {
      a: optioned('a.test', 'strict'),
      b: { ...optioned('a.test', 'loose'), rule: 'Host(`a.test`) && Path(`/b`)' },
    }
    await using proxy = await startTls({ tls: { options }, routers, static: { log: { level: 'WARN' } } })
    await proxy.sluice.waitFor(/routers of the host "a\.test" want different TLS options/, 3000)
    expect((await curl(proxy.port(), 'https://a.test/b', '-k', '--tls-max', '1.2')).status).toBe(200)
  })

  test('that do not exist disable the router and refuse its handshakes, no other’s', async () => {
    const routers = { a: optioned('a.test', 'nope'), b: optioned('b.test', 'loose') }
    await using proxy = await startTls({ tls: { options }, routers })
    await proxy.sluice.waitFor(
      /dynamic\.yaml:1:\d+: http\.routers\.a\.tls\.options: unknown or broken TLS options "nope@file"/,
    )
    expect((await curl(proxy.port(), 'https://a.test/', '-k')).code).toBe(35)
    expect((await curl(proxy.port(), 'https://b.test/', '-k')).status).toBe(200)
  })
})
