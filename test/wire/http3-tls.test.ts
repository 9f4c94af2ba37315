import { connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { makeCertificate, type CertificateFiles } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { Http3Client } from '../support/http3-client.ts'
import { startHttp3Proxy } from '../support/http3-proxy.ts'
import { freePort } from '../support/ports.ts'
import { WireProxy } from '../support/proxy.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'

const atOnce = 'providers.providersThrottleDuration=0'

let folder: TemporaryFolder
const certificates = new Map<string, CertificateFiles>()

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const name of ['a.test', '*.wild.test', 'fallback.test']) {
    certificates.set(name, await makeCertificate(folder.path, name))
  }
})

afterAll(() => folder[Symbol.asyncDispose]())

interface Plan {
  readonly names?: readonly string[]
  readonly fallback?: string
  /** TLS options by name. */
  readonly options?: Readonly<Record<string, object>>
  /** Hosts with the options of their routers. */
  readonly hosts?: Readonly<Record<string, string | undefined>>
}

function dynamicOf({ names = [], fallback, options = {}, hosts = { 'a.test': undefined } }: Plan): string {
  const files = (name: string) => {
    const { certFile, keyFile } = certificates.get(name)!
    return { certFile, keyFile }
  }
  const routers = Object.entries(hosts).map(([host, named]) => {
    const tls = named === undefined ? {} : { options: named }
    return [host.replace('.', '-'), { rule: `Host(\`${host}\`)`, service: 'whoami@internal', tls }]
  })
  const stores = fallback === undefined ? {} : { stores: { default: { defaultCertificate: files(fallback) } } }
  return JSON.stringify({
    http: { routers: Object.fromEntries(routers) },
    tls: { certificates: names.map(files), options, ...stores },
  })
}

async function subjectFor(port: number, name: string): Promise<string | undefined> {
  await using client = await Http3Client.connect(port, name)
  return client.subject
}

/** The Alt-Svc of an answer over TLS. */
async function advertised(port: number, protocol: 'http1.1' | 'http2', host = 'a.test'): Promise<string | null> {
  using session = sessionFor(host)
  const response = await session.get(port, protocol)
  return response.headers.get('alt-svc')
}

function sessionFor(host: string) {
  const session = new Bun.FetchSession({ tls: { rejectUnauthorized: false, serverName: host } })
  return {
    get: (port: number, protocol: 'http1.1' | 'http2') =>
      session.fetch(`https://127.0.0.1:${port}/`, { protocol, headers: { Host: host } }),
    [Symbol.dispose]: () => session.close(),
  }
}

describe('The certificate of an HTTP/3 connection', () => {
  test('is chosen by the server name', async () => {
    const dynamic = dynamicOf({ names: ['a.test', '*.wild.test'], fallback: 'fallback.test' })
    await using proxy = await startHttp3Proxy({ dynamic })
    expect(await subjectFor(proxy.port, 'a.test')).toBe('CN=a.test')
    expect(await subjectFor(proxy.port, 'b.wild.test')).toBe('CN=*.wild.test')
    expect(await subjectFor(proxy.port, 'a.b.wild.test')).toBe('CN=fallback.test')
    expect(await subjectFor(proxy.port, 'other.test')).toBe('CN=fallback.test')
  })

  test('changes with the configuration, while connections that are open stay', async () => {
    await using proxy = await startHttp3Proxy({ dynamic: dynamicOf({ fallback: 'fallback.test' }), flags: [atOnce] })
    await using open = await Http3Client.connect(proxy.port)
    expect(open.subject).toBe('CN=fallback.test')
    await proxy.reload(dynamicOf({ names: ['a.test'], fallback: '*.wild.test' }))
    await eventually(async () => (await subjectFor(proxy.port, 'a.test')) === 'CN=a.test', 'the new certificate')
    expect(await subjectFor(proxy.port, 'other.test')).toBe('CN=*.wild.test')
    expect((await open.request()).status).toBe(200)
  })
})

describe('A reload', () => {
  test('gives the next request of an open connection the new routers', async () => {
    await using proxy = await startHttp3Proxy({
      dynamic: dynamicOf({ hosts: { 'b.test': undefined } }),
      flags: [atOnce],
    })
    await using client = await Http3Client.connect(proxy.port)
    expect((await client.request()).status).toBe(404)
    await proxy.reload(dynamicOf({}))
    await eventually(async () => (await client.request()).status === 200, 'the new router')
  })
})

const needsCertificate = { clientAuth: { clientAuthType: 'RequireAnyClientCert' } }

describe('TLS options', () => {
  test.each([
    ['client certificates', needsCertificate],
    ['a TLS below 1.3', { maxVersion: 'VersionTLS12' }],
    ['curves', { curvePreferences: ['CurveP256'] }],
    ['a certificate for the name', { sniStrict: true }],
  ])('that ask for %s are not evaded over HTTP/3', async (_, strict) => {
    const dynamic = dynamicOf({ options: { strict }, hosts: { 'a.test': 'strict', 'b.test': undefined } })
    await using proxy = await startHttp3Proxy({ dynamic })
    await using turnedAway = await Http3Client.connect(proxy.port, 'a.test')
    await within(
      turnedAway.session.closed.catch(() => {}),
      'the end of the connection',
    )
    // With another host's handshake it comes no further.
    await using client = await Http3Client.connect(proxy.port, 'b.test')
    expect((await client.request({ authority: 'b.test' })).status).toBe(200)
    expect((await client.request({ authority: 'a.test' })).status).toBe(421)
  })

  test('that HTTP/3 can keep are in force by server name', async () => {
    const options = { named: { minVersion: 'VersionTLS13' }, strict: { sniStrict: true } }
    const hosts = { 'a.test': 'strict', 'b.test': 'named', 'c.test': undefined }
    await using proxy = await startHttp3Proxy({ dynamic: dynamicOf({ names: ['a.test'], options, hosts }) })
    for (const host of Object.keys(hosts)) {
      await using client = await Http3Client.connect(proxy.port, host)
      for (const authority of Object.keys(hosts)) {
        expect((await client.request({ authority })).status).toBe(authority === host ? 200 : 421)
      }
    }
  })
})

describe('Alt-Svc', () => {
  test.each(['http1.1', 'http2'] as const)('is in every answer over TLS and %s', async (protocol) => {
    await using proxy = await startHttp3Proxy({ dynamic: dynamicOf({}) })
    for (const host of ['a.test', 'nobody.test']) {
      expect(await advertised(proxy.port, protocol, host)).toBe(`h3=":${proxy.port}"; ma=2592000`)
    }
  })

  test('tells the port that is advertised', async () => {
    const flags = ['entryPoints.web.http3.advertisedPort=8443']
    await using proxy = await startHttp3Proxy({ dynamic: dynamicOf({}), flags })
    expect(await advertised(proxy.port, 'http1.1')).toBe('h3=":8443"; ma=2592000')
  })

  test('is not in answers without TLS', async () => {
    const plain = 'http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal" } } }'
    await using proxy = await startHttp3Proxy({ dynamic: plain })
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`, { keepalive: false })
    expect([response.status, response.headers.get('alt-svc')]).toEqual([200, null])
    const session = connect(`http://127.0.0.1:${proxy.port}`)
    const head = Promise.withResolvers<Record<string, unknown>>()
    session.request({ ':path': '/' }).on('response', head.resolve).resume()
    const headers = await within(head.promise, 'an answer over h2c')
    expect(headers[':status']).toBe(200)
    expect(headers).not.toHaveProperty('alt-svc')
    session.close()
  })

  test('is not in answers of entry points without http3', async () => {
    await using proxy = await WireProxy.start({ dynamic: dynamicOf({}) })
    expect(await advertised(proxy.port, 'http1.1')).toBeNull()
  })

  test('is left out where the TLS options keep clients from HTTP/3', async () => {
    const options = { old: { maxVersion: 'VersionTLS12' } }
    await using proxy = await startHttp3Proxy({ dynamic: dynamicOf({ options, hosts: { 'a.test': 'old' } }) })
    expect(await advertised(proxy.port, 'http1.1')).toBeNull()
    expect(await advertised(proxy.port, 'http1.1', 'b.test')).toStartWith('h3=')
  })
})

describe('An entry point that asks for HTTP/3', () => {
  test('does not start when its UDP port is taken, and says so', async () => {
    const other = await Bun.udpSocket({ hostname: '127.0.0.1', port: await freePort() })
    const flags = [`entryPoints.web.address=127.0.0.1:${other.port}`]
    await expect(startHttp3Proxy({ dynamic: dynamicOf({}), flags })).rejects.toThrow(
      `entry point web can't listen on 127.0.0.1:${other.port}: the address is in use (UDP, for HTTP/3)`,
    )
    other.close()
  })

  test('serves neighbours on other addresses of the same host', async () => {
    await using proxy = await startHttp3Proxy({
      dynamic: dynamicOf({}),
      flags: ['entryPoints.web.address=localhost:0'],
    })
    await using client = await Http3Client.connect(proxy.port)
    expect((await client.request()).status).toBe(200)
  })
})
