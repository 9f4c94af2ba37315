import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'

/** What the tests use of a WebSocket of the npm package `ws`. */
export interface NpmWebSocket extends EventEmitter {
  readonly readyState: 0 | 1 | 2 | 3
  /** Names of the extensions that were agreed on. */
  readonly extensions: string
  readonly protocol: string
  /** Bytes that its socket has not taken yet. */
  readonly bufferedAmount: number
  send(message: Uint8Array | string, options?: SendOptions, sent?: (error?: Error) => void): void
  ping(payload?: string): void
  close(code?: number, reason?: string): void
  /** Destroys the socket, without a close frame. */
  terminate(): void
  pause(): void
  resume(): void
}

export interface SendOptions {
  readonly binary?: boolean
  readonly compress?: boolean
  /** False: a fragment, which others follow. */
  readonly fin?: boolean
}

export interface NpmClientOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly rejectUnauthorized?: boolean
  readonly perMessageDeflate?: boolean | object
}

export interface NpmServerOptions {
  readonly server: HttpServer | HttpsServer
  readonly perMessageDeflate?: boolean | object
  readonly handleProtocols?: (protocols: Set<string>, request: IncomingMessage) => string | false
}

export interface NpmWebSocketServer extends EventEmitter {
  readonly clients: Set<NpmWebSocket>
}

interface NpmPackage {
  readonly WebSocket: {
    new (url: string, protocols: readonly string[], options: NpmClientOptions): NpmWebSocket
    new (
      url: null,
      protocols: undefined,
      options: object,
    ): NpmWebSocket & {
      _isServer: boolean
      setSocket(stream: Duplex, head: Buffer, options: object): void
    }
  }
  readonly WebSocketServer: new (options: NpmServerOptions) => NpmWebSocketServer
  readonly PerMessageDeflate: { readonly extensionName: string }
}

/**
 * The code of the npm package, which this project did not write and Bun did not either: for `import 'ws'` Bun gives a
 * WebSocket of its own, so the package is asked for by its path.
 */
export const npmWs = (await import(new URL('wrapper.mjs', import.meta.resolve('ws/package.json')).href)) as NpmPackage
