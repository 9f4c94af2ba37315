import { createPrivateKey } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP, SocketAddress } from 'node:net'
import type { ApplicationOptions, QuicEndpoint, QuicSession, QuicStream, SNIEntry } from 'node:quic'
import { setTimeout as pause } from 'node:timers/promises'
import { getSystemErrorName } from 'node:util'
import type { ListenOptions } from './listen.ts'

export type { QuicSession } from 'node:quic'

/** A stream as Bun has it; the published types leave out some of it. */
export type QuicRequestStream = QuicStream & {
  /** `desiredSize`: bytes that it would take now; null when it takes none any more. */
  readonly writer: { readonly desiredSize: number | null }
  resetStream(code: bigint): void
  stopSending(code: bigint): void
}

/** PEM. */
export interface QuicIdentity {
  readonly certificate: string
  readonly key: string
}

/** By server name, `*.example.org` for all of one label; `*` for every other one. */
export type QuicIdentities = ReadonlyMap<string, QuicIdentity>

export interface QuicListenOptions extends Pick<ListenOptions, 'hostname' | 'port'> {
  readonly identities: QuicIdentities
  readonly application: ApplicationOptions
  /** Streams that a client may have open at once. */
  readonly maxStreams: number
  /** Whoever says nothing for so long, not even in answer to a PING, is gone. */
  readonly silenceSeconds: number
  accept(session: QuicSession): void
}

export interface QuicListener {
  /** For new connections; those that are open keep theirs. Who sends no server name gets the first `*` for ever. */
  setIdentities(identities: QuicIdentities): void
  /** Takes no more connections. Resolves when the last one has ended. */
  close(): Promise<void>
  /** Ends every connection now. */
  destroy(): void
}

/**
 * Opens a QUIC listener for HTTP/3: `node:quic`, which Bun has, and the only place that knows it. Rejects with a system
 * error when the address can't be had. There is no SO_REUSEPORT.
 */
export async function listenQuic(options: QuicListenOptions): Promise<QuicListener> {
  const quic = await loadQuic()
  const endpoint = await quic.listen((session) => accept(session, options), {
    endpoint: {
      address: await socketAddress(options),
      // The default of 100 would be all that the users behind one address could have.
      maxConnectionsPerHost: 65_535,
      maxConnectionsTotal: 65_535,
    },
    sni: sniEntries(options.identities),
    alpn: ['h3'],
    // A request in early data could be played again by anybody who saw it (RFC 8470).
    enableEarlyData: false,
    transportParams: { initialMaxStreamsBidi: options.maxStreams, maxIdleTimeout: options.silenceSeconds },
    application: { ...options.application, enableDatagrams: false },
  })
  if (endpoint.destroyed) await endpoint.closed.catch(rejectAsSystemError)
  endpoint.closed.catch(ignored)
  return listenerOf(endpoint)
}

function listenerOf(endpoint: QuicEndpoint): QuicListener {
  return {
    setIdentities: (identities) => {
      if (!endpoint.destroyed) endpoint.setSNIContexts(sniEntries(identities), { replace: true })
    },
    close: () => endpoint.close().catch(ignored),
    destroy: () => endpoint.destroy(),
  }
}

/** Why a session has ended is not worth an unhandled rejection; its streams are told each by itself. */
function accept(session: QuicSession, options: QuicListenOptions): void {
  session.onerror = ignored
  session.opened.catch(ignored)
  session.closed.catch(ignored)
  options.accept(session)
}

function ignored(): void {}

/** It announces itself on standard error as experimental, which HTTP/3 here is said to be in words of our own. */
async function loadQuic(): Promise<typeof import('node:quic')> {
  const { emitWarning } = process
  process.emitWarning = ignored
  try {
    return await import('node:quic')
  } finally {
    process.emitWarning = emitWarning
  }
}

async function socketAddress({ hostname, port }: QuicListenOptions): Promise<SocketAddress> {
  const address = isIP(hostname) === 0 ? (await lookup(hostname)).address : hostname
  return new SocketAddress({ address, port, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' })
}

function sniEntries(identities: QuicIdentities): Record<string, SNIEntry> {
  const entries: Record<string, SNIEntry> = {}
  for (const [name, { certificate, key }] of identities) {
    entries[name] = { keys: [createPrivateKey(key)], certs: [Buffer.from(certificate)] }
  }
  return entries
}

/** The number of the error stands only in the message: `Bind failure (98)`. */
function rejectAsSystemError(thrown: unknown): never {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const number = /\((\d+)\)$/.exec(message)?.[1]
  const code = number === undefined ? undefined : getSystemErrorName(-Number(number))
  throw Object.assign(new Error(message, { cause: thrown }), { code })
}

const lookEveryMs = 2
/** Other streams of a busy session keep it sending; what is told in trailers can't wait for all of them. */
const mostLooks = 8

/**
 * Resolves when the engine has most likely sent all `bytes` of the stream's body, or the stream is over. Trailers that
 * it is given while it still holds some of the body would go out as part of that body.
 */
export async function quicFlushed(stream: QuicRequestStream, bytes: number): Promise<void> {
  while (!stream.destroyed && stream.stats.bytesSent < BigInt(bytes)) await pause(lookEveryMs)
  // What is sent again counts twice. A session that has sent nothing for a round trip has nothing left.
  let sent: bigint | undefined
  for (let look = 0; look < mostLooks && stream.session?.stats.bytesSent !== sent; look++) {
    sent = stream.session?.stats.bytesSent
    await pause(lookEveryMs + Number(stream.session?.stats.smoothedRtt ?? 0n) / 1e6)
  }
}

/** Bun's writers say by this well-known symbol when they take bytes again; null from one that is over or has room. */
const drainable = Symbol.for('Stream.drainableProtocol')

/** Resolves when the stream takes bytes again, and when it never will. */
export async function quicDrained({ writer }: QuicRequestStream): Promise<void> {
  const wait = (writer as unknown as Record<symbol, () => Promise<unknown> | null>)[drainable]
  await wait?.()?.catch(ignored)
}
