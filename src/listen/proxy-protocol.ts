import { parseIp, type IpAddress } from '../http/ip-range.ts'
import { formatIp, ipBytes } from '../http/format-ip.ts'

export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
}

export interface ProxyHeader {
  readonly kind: 'header'
  /** Where the header ends and the connection's own bytes begin. */
  readonly end: number
  /** Undefined when the sender speaks for itself (LOCAL) or does not know (UNKNOWN, UNSPEC, Unix sockets). */
  readonly source: ProxyEndpoint | undefined
  readonly destination: ProxyEndpoint | undefined
}

export type ProxyHeaderOutcome =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly detail: string }
  | ProxyHeader

const signature1 = new TextEncoder().encode('PROXY ')
const signature2 = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

/** The longest line that the specification allows, CRLF included. */
const maxLineBytes = 107
/** Addresses and TLVs; room for a client's certificate, far below the 65,535 that the length field could say. */
const maxBodyBytes = 16_384

const incomplete = { kind: 'incomplete' } as const

/**
 * A PROXY header of version 1 or 2 at the start of a connection (haproxy.org, proxy-protocol.txt). TLVs are skipped.
 * `incomplete`: the same bytes and more are wanted.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeaderOutcome {
  if (bytes.length === 0) return incomplete
  if (agrees(bytes, signature1)) return bytes.length < signature1.length ? incomplete : parseVersion1(bytes)
  if (agrees(bytes, signature2)) return bytes.length < signature2.length ? incomplete : parseVersion2(bytes)
  return { kind: 'none' }
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n` */
function parseVersion1(bytes: Uint8Array): ProxyHeaderOutcome {
  const lineFeed = bytes.subarray(0, maxLineBytes).indexOf(0x0a)
  if (lineFeed < 0) return bytes.length >= maxLineBytes ? malformed('line without end') : incomplete
  if (bytes[lineFeed - 1] !== 0x0d) return malformed('line feed without carriage return')
  const line = Buffer.from(bytes.subarray(0, lineFeed - 1)).latin1Slice()
  const end = lineFeed + 1
  const [, family, sourceAddress, destinationAddress, sourcePort, destinationPort, ...rest] = line.split(' ')
  if (family === 'UNKNOWN') return withoutAddresses(end)
  if (family !== 'TCP4' && family !== 'TCP6') return malformed(`family ${JSON.stringify(family)}`)
  const source = parseEndpoint(family, sourceAddress, sourcePort)
  const destination = parseEndpoint(family, destinationAddress, destinationPort)
  if (source === undefined || destination === undefined || rest.length > 0) return malformed('bad address or port')
  return { kind: 'header', end, source, destination }
}

function parseEndpoint(family: 'TCP4' | 'TCP6', address = '', port = ''): ProxyEndpoint | undefined {
  // Leading zeros are forbidden by the specification, since octal lurks there.
  if (!/^(?:0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return undefined
  if (address.includes(':') !== (family === 'TCP6')) return undefined
  const parsed = parseIp(address)
  return parsed === undefined ? undefined : { address: formatIp(parsed), port: Number(port) }
}

/** Signature (12), version and command, family and transport, length (2), addresses, TLVs. */
function parseVersion2(bytes: Uint8Array): ProxyHeaderOutcome {
  if (bytes.length < 16) return incomplete
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 15
  const length = bytes[14]! * 256 + bytes[15]!
  if (version !== 2) return malformed(`version ${version}`)
  if (command > 1) return malformed(`command ${command}`)
  if (length > maxBodyBytes) return malformed(`header of ${length} bytes`)
  const end = 16 + length
  const isLocal = command === 0
  const layout = isLocal ? 'none' : addressLayout(bytes[13]!)
  if (layout === undefined) return malformed(`family and transport 0x${bytes[13]!.toString(16)}`)
  if (length < addressBytes[layout]) return malformed('addresses are cut short')
  if (bytes.length < end) return incomplete
  if (layout === 'ipv4') return withAddresses(bytes, end, 4)
  return layout === 'ipv6' ? withAddresses(bytes, end, 16) : withoutAddresses(end)
}

const addressBytes = { none: 0, ipv4: 12, ipv6: 36, unix: 216 } as const

/** The high nibble is the family, the low one stream or datagram; the layout is the same for both. */
function addressLayout(familyAndTransport: number): keyof typeof addressBytes | undefined {
  if (familyAndTransport === 0) return 'none'
  const transport = familyAndTransport & 15
  if (transport !== 1 && transport !== 2) return undefined
  return ([undefined, 'ipv4', 'ipv6', 'unix'] as const)[familyAndTransport >> 4]
}

function withAddresses(bytes: Uint8Array, end: number, width: 4 | 16): ProxyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset + 16, width * 2 + 4)
  const address = (at: number): string => formatIp(addressAt(view, at, width))
  return {
    kind: 'header',
    end,
    source: { address: address(0), port: view.getUint16(width * 2) },
    destination: { address: address(width), port: view.getUint16(width * 2 + 2) },
  }
}

function addressAt(view: DataView, at: number, width: 4 | 16): IpAddress {
  if (width === 4) return { family: 4, words: [0, 0, 0xffff, view.getUint32(at)] }
  const word = (index: number): number => view.getUint32(at + index * 4)
  const words = [word(0), word(1), word(2), word(3)] as const
  return { family: words[0] === 0 && words[1] === 0 && words[2] === 0xffff ? 4 : 6, words }
}

export interface ProxiedPeers {
  readonly source: ProxyEndpoint
  readonly destination: ProxyEndpoint
}

/** The header to send to an upstream; `undefined` peers make it UNKNOWN (version 1) or LOCAL (version 2). */
export function encodeProxyHeader(version: 1 | 2, peers: ProxiedPeers | undefined): Uint8Array {
  const source = parseIp(peers?.source.address ?? '')
  const destination = parseIp(peers?.destination.address ?? '')
  if (peers === undefined || source === undefined || destination === undefined) return encodeUnknown(version)
  const isIpv4 = source.family === 4 && destination.family === 4
  const ports = [peers.source.port, peers.destination.port] as const
  if (version === 1) {
    const [from, to] = [source, destination].map((address) => (isIpv4 ? formatIp(address) : formatAsIpv6(address)))
    return new TextEncoder().encode(`PROXY ${isIpv4 ? 'TCP4' : 'TCP6'} ${from} ${to} ${ports[0]} ${ports[1]}\r\n`)
  }
  const addresses = [source, destination].flatMap((address) => [...ipBytes(address).subarray(isIpv4 ? 12 : 0)])
  const body = [...addresses, ...ports.flatMap((port) => [port >> 8, port & 255])]
  return Uint8Array.of(...signature2, 0x21, isIpv4 ? 0x11 : 0x21, 0, body.length, ...body)
}

function encodeUnknown(version: 1 | 2): Uint8Array {
  return version === 1 ? new TextEncoder().encode('PROXY UNKNOWN\r\n') : Uint8Array.of(...signature2, 0x20, 0, 0, 0)
}

/** Both addresses of a header are of one family: the IPv4 one of a mixed pair goes in its mapped form. */
function formatAsIpv6(address: IpAddress): string {
  return address.family === 4 ? `::ffff:${formatIp(address)}` : formatIp(address)
}

function withoutAddresses(end: number): ProxyHeader {
  return { kind: 'header', end, source: undefined, destination: undefined }
}

function malformed(detail: string): ProxyHeaderOutcome {
  return { kind: 'malformed', detail }
}

/** True when the bytes that both have are the same. */
function agrees(bytes: Uint8Array, signature: Uint8Array): boolean {
  const known = Math.min(bytes.length, signature.length)
  return signature.subarray(0, known).every((byte, at) => bytes[at] === byte)
}
