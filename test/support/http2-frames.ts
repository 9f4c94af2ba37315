import { connect as connectTcp, type Socket } from 'node:net'
import { eventually } from './eventually.ts'

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const

export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A literal field without indexing and without Huffman coding (RFC 7541 §6.2.2): readable, and never a surprise. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([prefixed(bytes.length), bytes])
}

function prefixed(length: number): Buffer {
  if (length < 127) return Buffer.of(length)
  const octets = [127]
  let left = length - 127
  for (; left >= 128; left = Math.floor(left / 128)) octets.push((left % 128) | 128)
  return Buffer.from([...octets, left])
}

export interface HeadParts {
  readonly method?: string
  readonly scheme?: string
  readonly path?: string
  readonly authority?: string | undefined
  readonly fields?: readonly (readonly [string, string])[]
}

export function requestBlock(parts: HeadParts = {}): Buffer {
  const { method = 'GET', scheme = 'http', path = '/', fields = [] } = parts
  const authority = 'authority' in parts ? parts.authority : 'a.test'
  return Buffer.concat([
    literal(':method', method),
    literal(':scheme', scheme),
    literal(':path', path),
    ...(authority === undefined ? [] : [literal(':authority', authority)]),
    ...fields.map(([name, value]) => literal(name, value)),
  ])
}

/** A whole request without a body on one stream. */
export function get(stream: number, parts: HeadParts = {}): Buffer {
  return frame(frameType.headers, flag.endHeaders | flag.endStream, stream, requestBlock(parts))
}

/** A client that says exactly what it is told to, and keeps every frame that it is sent. */
export class Http2Peer implements Disposable {
  readonly frames: Frame[] = []
  isClosed = false
  readonly #socket: Socket
  #unread: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('close', () => (this.isClosed = true))
    socket.on('error', () => {})
  }

  /** After the preface and the exchange of SETTINGS. */
  static async connect(port: number, settings: Uint8Array = new Uint8Array()): Promise<Http2Peer> {
    const socket = connectTcp(port, '127.0.0.1')
    const peer = new Http2Peer(socket)
    peer.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0, settings))
    await peer.next(({ type, flags }) => type === frameType.settings && flags === flag.ack, 'the SETTINGS to be agreed')
    peer.send(frame(frameType.settings, flag.ack, 0))
    return peer
  }

  send(...frames: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(frames))
  }

  /** The first frame of that kind, come or to come. */
  async next(matches: (frame: Frame) => boolean, what: string): Promise<Frame> {
    await eventually(() => this.frames.some(matches) || this.isClosed, what)
    const found = this.frames.find(matches)
    if (found === undefined) throw new Error(`closed before ${what}: ${this.frames.map(({ type }) => type).join(' ')}`)
    return found
  }

  of(stream: number): Frame[] {
    return this.frames.filter((candidate) => candidate.stream === stream)
  }

  async closed(): Promise<void> {
    await eventually(() => this.isClosed, 'the connection to be closed')
  }

  end(): void {
    this.#socket.end()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes])
    while (this.#unread.length >= 9) {
      const length = this.#unread.readUIntBE(0, 3)
      if (this.#unread.length < 9 + length) return
      const [type = 0, flags = 0] = [this.#unread[3], this.#unread[4]]
      const payload = Buffer.from(this.#unread.subarray(9, 9 + length))
      this.frames.push({ type, flags, stream: this.#unread.readUInt32BE(5), payload })
      this.#unread = this.#unread.subarray(9 + length)
    }
  }
}

export function errorCode({ type, payload }: Frame): number {
  return payload.readUInt32BE(type === frameType.goaway ? 4 : 0)
}
