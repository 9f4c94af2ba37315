import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { fileOrContent } from '../config/file-or-content.ts'
import type { HttpServersTransport } from '../config/dynamic-http.ts'
import type { HeadLimits } from '../http1/head.ts'
import { certificatePair } from '../listen/certificate.ts'
import { cipherList } from '../listen/cipher-suites.ts'
import type { PeerName } from '../net/dial.ts'
import { chooseTransport } from '../upstream/choose.ts'
import { fetchTransport } from '../upstream/fetch.ts'
import { http2Transport, type Http2TransportOptions } from '../upstream/http2.ts'
import { socketTransport, type SocketTransportOptions } from '../upstream/socket.ts'
import type { Transport } from '../upstream/transport.ts'

/** What a transport is made from: two with the same settings are one, and so are their connections. */
export type TransportSettings = Pick<
  HttpServersTransport,
  | 'insecureSkipVerify'
  | 'rootCAs'
  | 'maxIdleConnsPerHost'
  | 'forwardingTimeouts'
  | 'serverName'
  | 'certificates'
  | 'minVersion'
  | 'maxVersion'
  | 'cipherSuites'
  | 'peerCertURI'
  | 'peerCertSANs'
  | 'disableHTTP2'
>

interface Held {
  readonly transport: Transport
  holders: number
}

/**
 * The transports of all snapshots, by their settings, so that a reload which does not change one keeps its open
 * connections. Each snapshot takes what it needs with `acquire` and gives it back when it is retired.
 */
export class TransportStore {
  readonly #held = new Map<string, Held>()
  readonly #fastProxy: boolean
  readonly #limits: HeadLimits

  constructor(options: { fastProxy: boolean; limits: HeadLimits }) {
    this.#fastProxy = options.fastProxy
    this.#limits = options.limits
  }

  /** Throws an Error with a plain message for a certificate that can't be read. */
  acquire(settings: TransportSettings): { readonly transport: Transport; readonly key: string } {
    const options = this.#optionsOf(settings)
    const disableHttp2 = settings.disableHTTP2
    // Hashed, since it has private keys in it and is itself part of keys that may be shown.
    const key = createHash('sha256')
      .update(JSON.stringify([options, disableHttp2]))
      .digest('hex')
    const held = this.#held.get(key)
    if (held !== undefined) {
      held.holders += 1
      return { transport: held.transport, key }
    }
    const transport = chooseTransport({
      fetch: fetchTransport(options),
      socket: socketTransport(options),
      http2: (http1) => http2Transport(options, http1),
      disableHttp2,
      fastProxy: this.#fastProxy,
      verifiesPeerNames: options.tls.peerNames !== undefined,
    })
    this.#held.set(key, { transport, holders: 1 })
    return { transport, key }
  }

  release(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.holders -= 1
    if (held.holders > 0) return
    this.#held.delete(key)
    held.transport.close()
  }

  #optionsOf(settings: TransportSettings): Http2TransportOptions & SocketTransportOptions {
    const { forwardingTimeouts, maxIdleConnsPerHost, insecureSkipVerify, serverName } = settings
    return {
      limits: this.#limits,
      maxIdleConnectionsPerHost:
        maxIdleConnsPerHost === 0 ? goIdleConnectionsPerHost : Math.max(0, maxIdleConnsPerHost),
      dialTimeoutMs: forwardingTimeouts.dialTimeout,
      responseHeaderTimeoutMs: forwardingTimeouts.responseHeaderTimeout,
      idleTimeoutMs: forwardingTimeouts.idleConnTimeout,
      readIdleTimeoutMs: forwardingTimeouts.readIdleTimeout,
      pingTimeoutMs: forwardingTimeouts.pingTimeout,
      tls: { serverName, insecureSkipVerify, options: tlsOptions(settings), peerNames: peerNames(settings) },
    }
  }
}

/** Go's DefaultMaxIdleConnsPerHost, which a 0 in Traefik's configuration means. */
const goIdleConnectionsPerHost = 2

const versions = { VersionTLS10: 0x0301, VersionTLS11: 0x0302, VersionTLS12: 0x0303, VersionTLS13: 0x0304 } as const

function tlsOptions(settings: TransportSettings): SocketTransportOptions['tls']['options'] {
  const { rootCAs, certificates, minVersion, maxVersion, cipherSuites } = settings
  const pairs = certificates.map(readPair)
  return {
    ...(rootCAs.length === 0 ? {} : { ca: rootCAs.map(readAuthorities) }),
    ...(pairs.length === 0 ? {} : { cert: pairs.map(({ cert }) => cert), key: pairs.map(({ key }) => key) }),
    ...(minVersion === undefined ? {} : { minVersion: versions[minVersion] }),
    ...(maxVersion === undefined ? {} : { maxVersion: versions[maxVersion] }),
    ...(cipherSuites === undefined ? {} : { ciphers: cipherList(cipherSuites) }),
  } as SocketTransportOptions['tls']['options']
}

/** Undefined: any certificate that verifies will do. */
function peerNames({ peerCertURI, peerCertSANs }: TransportSettings): readonly PeerName[] | undefined {
  const names: PeerName[] = peerCertSANs.map(({ type, value }) => ({ kind: type === 'URI' ? 'URI' : 'DNS', value }))
  if (peerCertURI !== undefined) names.push({ kind: 'URI', value: peerCertURI })
  return names.length === 0 ? undefined : names
}

/** Looked at here, since a mistake would else be met by every request. */
function readPair({ certFile, keyFile }: TransportSettings['certificates'][number]): { cert: string; key: string } {
  const pair = { certificate: fileOrContent(certFile), key: fileOrContent(keyFile), source: 'serversTransport' }
  try {
    const { certificate, key } = certificatePair(pair)
    return { cert: certificate, key }
  } catch (thrown) {
    throw new Error(`certificates of the serversTransport: ${(thrown as Error).message}`, { cause: thrown })
  }
}

function readAuthorities(text: string): string {
  const ca = fileOrContent(text)
  const isPem = ca.includes('-----BEGIN CERTIFICATE-----') && canBeTrusted(ca)
  if (!isPem) throw new Error('rootCAs of the serversTransport: no readable PEM certificate')
  return ca
}

function canBeTrusted(ca: string): boolean {
  try {
    createSecureContext({ ca })
    return true
  } catch {
    return false
  }
}
