import { describe, expect, test } from 'bun:test'
import { TransportStore, type TransportSettings } from '../../src/snapshot/transports.ts'
import { TlsAuthority } from '../support/tls-authority.ts'

const settings: TransportSettings = {
  insecureSkipVerify: false,
  rootCAs: [],
  maxIdleConnsPerHost: 0,
  forwardingTimeouts: {
    dialTimeout: 1000,
    responseHeaderTimeout: 0,
    idleConnTimeout: 1000,
    readIdleTimeout: 0,
    pingTimeout: 0,
  },
  serverName: undefined,
  certificates: [],
  minVersion: undefined,
  maxVersion: undefined,
  cipherSuites: undefined,
  peerCertURI: undefined,
  peerCertSANs: [],
  disableHTTP2: false,
}

function store(): TransportStore {
  return new TransportStore({ fastProxy: false, limits: { maxHeadBytes: 1024, maxTargetBytes: 1024, maxFields: 10 } })
}

describe('the store of transports', () => {
  test('gives the same one for the same settings, until all have given it back', () => {
    const transports = store()
    const first = transports.acquire(settings)
    expect(transports.acquire({ ...settings }).transport).toBe(first.transport)
    transports.release(first.key)
    expect(transports.acquire(settings).transport).toBe(first.transport)
    transports.release(first.key)
    transports.release(first.key)
    expect(transports.acquire(settings).transport).not.toBe(first.transport)
  })

  test.each([
    [{ serverName: 'a.test' }],
    [{ insecureSkipVerify: true }],
    [{ maxIdleConnsPerHost: 7 }],
    [{ minVersion: 'VersionTLS13' }],
    [{ cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }],
    [{ peerCertURI: 'spiffe://a' }],
    [{ peerCertSANs: [{ type: 'DNSName', value: 'a.test' }] }],
  ] as [Partial<TransportSettings>][])('gives another one for other settings: %j', (changed) => {
    const transports = store()
    const { transport } = transports.acquire(settings)
    expect(transports.acquire({ ...settings, ...changed }).transport).not.toBe(transport)
  })

  test('refuses what no connection could be made with', async () => {
    const authority = await TlsAuthority.create('test')
    const [one, other] = await Promise.all(
      ['a.test', 'b.test'].map((value) => authority.issue({ names: [{ type: 'dns', value }] })),
    )
    const broken = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----'
    const pair = (certFile: string, keyFile: string) => ({ certificates: [{ certFile, keyFile }] })
    for (const [changed, message] of [
      [{ rootCAs: [authority.cert, broken] }, 'rootCAs of the serversTransport: no readable PEM certificate'],
      [{ rootCAs: [one!.key] }, 'rootCAs of the serversTransport: no readable PEM certificate'],
      [pair(broken, one!.key), 'certificates of the serversTransport: certFile holds no readable certificate'],
      [pair(one!.cert, other!.key), 'certificates of the serversTransport: the private key is not that'],
      [pair(one!.cert, '/none.pem'), 'no such file, and not PEM text: "/none.pem"'],
    ] as const) {
      expect(() => store().acquire({ ...settings, ...changed })).toThrow(message)
    }
    const { transport } = store().acquire({ ...settings, rootCAs: [authority.cert], ...pair(one!.cert, one!.key) })
    transport.close()
  })

  test('shows nothing of a private key in its keys', async () => {
    const authority = await TlsAuthority.create('test')
    const { cert, key } = await authority.issue({ names: [{ type: 'dns', value: 'a.test' }] })
    const shared = store().acquire({ ...settings, certificates: [{ certFile: cert, keyFile: key }] })
    expect(shared.key).toMatch(/^[0-9a-f]{64}$/)
    shared.transport.close()
  })
})
