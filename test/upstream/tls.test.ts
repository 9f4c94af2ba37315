import { createServer, type TlsOptions } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from 'bun:test'
import { cipherList } from '../../src/listen/cipher-suites.ts'
import type { TransportTls } from '../../src/upstream/socket.ts'
import { readText } from '../support/request.ts'
import { TlsAuthority } from '../support/tls-authority.ts'
import { get, transportOptions, transports } from '../support/transport.ts'

const authority = await TlsAuthority.create('good')
const stranger = await TlsAuthority.create('stranger')
const names = [
  { type: 'dns', value: 'a.test' },
  { type: 'url', value: 'spiffe://a.test/app' },
] as const
const [serverCertificate, expiredServer, client, expiredClient, strangeClient] = await Promise.all([
  authority.issue({ names: [...names] }),
  authority.issue({ names: [...names], isExpired: true }),
  authority.issue({ names: [...names] }),
  authority.issue({ names: [...names], isExpired: true }),
  stranger.issue({ names: [...names] }),
])

const servers: { close(): void }[] = []
afterAll(() => servers.forEach((server) => server.close()))

/** Answers each request with the protocol and cipher of its connection. */
async function serve(options: TlsOptions): Promise<string> {
  const server = createServer({ cert: serverCertificate.cert, key: serverCertificate.key, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => {
      const body = `${socket.getProtocol()} ${socket.getCipher().name}`
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const trusting = { serverName: 'a.test', options: { ca: [authority.cert] } }

function presenting(certificate: { cert: string; key: string }) {
  return { ...trusting, options: { ...trusting.options, cert: certificate.cert, key: certificate.key } }
}

describe.each(transports)('TLS over %s', (_, build) => {
  async function ask(url: string, tls: Partial<TransportTls>): Promise<string> {
    const transport = build(transportOptions({ tls }))
    try {
      const response = await get(transport, url)
      return `${response.status} ${await readText(response.body)}`
    } catch (thrown) {
      return (thrown as { code: string }).code
    } finally {
      transport.close()
    }
  }

  test.each([
    ['the right authority and name', {}, trusting, /^200 TLSv1\.3/],
    ['an unknown authority', {}, { serverName: 'a.test', options: { ca: [stranger.cert] } }, /^upstream\.certificate$/],
    ['the system authorities only', {}, { serverName: 'a.test', options: {} }, /^upstream\.certificate$/],
    ['the wrong name', {}, { ...trusting, serverName: 'b.test' }, /^upstream\.certificate$/],
    ['an expired certificate', expiredServer, trusting, /^upstream\.certificate$/],
    ['insecureSkipVerify', expiredServer, { insecureSkipVerify: true }, /^200 /],
    ['version 1.2 at most', {}, { ...trusting, options: { ...trusting.options, maxVersion: 0x0303 } }, /^200 TLSv1\.2/],
    [
      'version 1.3 at least, which the server has not',
      { maxVersion: 'TLSv1.2' },
      { ...trusting, options: { ...trusting.options, minVersion: 0x0304 } },
      /^upstream\.handshake$/,
    ],
    [
      'one cipher suite',
      { maxVersion: 'TLSv1.2' },
      {
        ...trusting,
        options: { ...trusting.options, ciphers: cipherList(['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256']) },
      },
      /^200 TLSv1\.2 ECDHE-ECDSA-CHACHA20-POLY1305$/,
    ],
  ] as [string, TlsOptions, Partial<TransportTls>, RegExp][])('with %s', async (_, server, tls, expected) => {
    expect(await ask(await serve(server), tls)).toMatch(expected)
  })

  const demanding: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: [authority.cert] }

  test.each([
    ['the right certificate', presenting(client), /^200 /],
    ['a certificate of another authority', presenting(strangeClient), /^upstream\.(reset|handshake)$/],
    ['an expired certificate', presenting(expiredClient), /^upstream\.(reset|handshake)$/],
    ['no certificate', trusting, /^upstream\.(reset|handshake)$/],
  ])('presents itself with %s', async (_, tls, expected) => {
    expect(await ask(await serve(demanding), tls)).toMatch(expected)
  })
})

describe('names that the server’s certificate must have', () => {
  const [, [, build]] = transports

  test.each([
    ['its URI', [{ kind: 'URI', value: 'spiffe://a.test/app' }], true],
    ['its host name', [{ kind: 'DNS', value: 'a.test' }], true],
    [
      'one of several',
      [
        { kind: 'DNS', value: 'b.test' },
        { kind: 'DNS', value: 'a.test' },
      ],
      true,
    ],
    ['another URI', [{ kind: 'URI', value: 'spiffe://a.test/other' }], false],
    ['its URI as a host name', [{ kind: 'DNS', value: 'spiffe://a.test/app' }], false],
  ] as const)('are looked at: %s', async (_, peerNames, isGood) => {
    const url = await serve({})
    for (const insecureSkipVerify of [false, true]) {
      const transport = build(transportOptions({ tls: { ...trusting, peerNames, insecureSkipVerify } }))
      const outcome = await get(transport, url).then(
        ({ status }) => status,
        (thrown) => thrown.code,
      )
      expect(outcome).toBe(isGood ? 200 : 'upstream.certificate')
      transport.close()
    }
  })
})
