import { connect } from 'node:tls'
import { runProgram } from '../support/process.ts'

/** The first bytes that `openssl s_client` sends. */
export async function opensslHello(...options: readonly string[]): Promise<Buffer> {
  return capture(async (port) => {
    await runProgram(['openssl', 's_client', '-connect', `127.0.0.1:${port}`, ...options])
  })
}

/** The first bytes that Bun's own client sends. */
export async function bunHello(serverName: string, alpn: readonly string[]): Promise<Buffer> {
  return capture(async (port) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const socket = connect({ host: '127.0.0.1', port, servername: serverName, ALPNProtocols: [...alpn] })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    await closed
  })
}

async function capture(connectTo: (port: number) => Promise<void>): Promise<Buffer> {
  const { promise: hello, resolve } = Promise.withResolvers<Buffer>()
  using listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: (socket, bytes) => {
        resolve(Buffer.from(bytes))
        socket.end()
      },
    },
  })
  await connectTo(listener.port)
  return hello
}

/** The handshake message of a captured hello, which came in one record. */
export function messageOf(hello: Uint8Array): Uint8Array {
  return hello.subarray(5)
}

/** The message in records of at most this many bytes. */
export function inRecords(message: Uint8Array, recordBytes: number): Buffer {
  const records: Uint8Array[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    const fragment = message.subarray(at, at + recordBytes)
    records.push(Buffer.of(0x16, 3, 1, fragment.length >> 8, fragment.length & 255), fragment)
  }
  return Buffer.concat(records)
}

export type Extension = readonly [type: number, content: Uint8Array]

export interface HelloParts {
  readonly sessionId?: Uint8Array
  readonly cipherSuites?: Uint8Array
  readonly compressions?: Uint8Array
  /** Undefined: the field of extensions is missing altogether. */
  readonly extensions?: readonly Extension[] | undefined
  readonly after?: Uint8Array
}

/** A ClientHello message made by hand, header and all, for what no client sends. */
export function craftMessage(parts: HelloParts): Buffer {
  const { extensions, after = Buffer.of() } = parts
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    vector(1, parts.sessionId ?? Buffer.of()),
    vector(2, parts.cipherSuites ?? Buffer.of(0x13, 0x01)),
    vector(1, parts.compressions ?? Buffer.of(0)),
    extensions === undefined ? Buffer.of() : vector(2, encodeExtensions(extensions)),
    after,
  ])
  return Buffer.concat([Buffer.of(1, 0), vector(2, body)])
}

export function craftHello(parts: HelloParts): Buffer {
  return inRecords(craftMessage(parts), 16_384)
}

export function serverName(...names: readonly string[]): Extension {
  const entries = names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name, 'latin1'))]))
  return [0, vector(2, Buffer.concat(entries))]
}

export function alpn(...protocols: readonly string[]): Extension {
  return [16, vector(2, Buffer.concat(protocols.map((protocol) => vector(1, Buffer.from(protocol, 'latin1')))))]
}

export function vector(lengthWidth: 1 | 2, content: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthWidth)
  length.writeUIntBE(content.length, 0, lengthWidth)
  return Buffer.concat([length, content])
}

function encodeExtensions(extensions: readonly Extension[]): Buffer {
  return Buffer.concat(
    extensions.map(([type, content]) => Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, content)])),
  )
}
