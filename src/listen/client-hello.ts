import { isIP } from 'node:net'
import { ByteReader } from './byte-reader.ts'

export interface ClientHello {
  readonly kind: 'hello'
  /** In lower case, without the trailing dot; '' when absent, an IP address, or no host name at all. */
  readonly serverName: string
  /** The protocols that the client offers, in its order (bytes as Latin-1); empty without ALPN. */
  readonly alpn: readonly string[]
}

interface Malformed {
  readonly kind: 'malformed'
  readonly detail: string
}

/** `incomplete`: the same bytes and more are wanted. The bytes are looked at, never consumed. */
export type ClientHelloOutcome =
  { readonly kind: 'incomplete' } | { readonly kind: 'not-tls' } | Malformed | ClientHello

/** The fatal alert `unrecognized_name` (RFC 6066 §3), in the clear as an answer to a ClientHello must be. */
export const unrecognizedNameAlert: Uint8Array = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 112)

const contentHandshake = 0x16
const messageClientHello = 1
const extensionServerName = 0
const extensionAlpn = 16
const nameTypeHost = 0

const maxRecordBytes = 16_384
const maxMessageBytes = 65_536
/** One byte a record is legal but six times the size: whoever does that is not a browser. */
const maxTotalBytes = 131_072

const incomplete = { kind: 'incomplete' } as const

/** Looks at the first bytes of a connection, however they are cut into segments and TLS records. */
export function parseClientHello(bytes: Uint8Array): ClientHelloOutcome {
  const first = bytes[0]
  if (first === undefined) return incomplete
  // An SSLv2-framed hello: no protocol that is spoken today begins so, and no SSLv2 is either (RFC 6176).
  if (first === 0x80) return malformed('SSLv2 ClientHello')
  if (first !== contentHandshake) return { kind: 'not-tls' }
  const message = collectMessage(bytes)
  return message.kind === 'message' ? parseHello(message.body) : message
}

type MessageOutcome = { readonly kind: 'message'; readonly body: Uint8Array } | typeof incomplete | Malformed

/** Puts the first handshake message together from its records (RFC 8446 §5.1). */
function collectMessage(bytes: Uint8Array): MessageOutcome {
  const fragments: Uint8Array[] = []
  let collected = 0
  let at = 0
  while (at < maxTotalBytes) {
    const problem = recordProblem(bytes, at)
    if (problem !== undefined) return malformed(problem)
    if (bytes.length < at + 5) return incomplete
    const end = at + 5 + uint16(bytes, at + 3)
    const fragment = bytes.subarray(at + 5, end)
    fragments.push(fragment)
    collected += fragment.length
    const outcome = finishedMessage(fragments, collected)
    if (outcome !== undefined) return outcome
    if (end > bytes.length) return incomplete
    at = end
  }
  return malformed('ClientHello in too many records')
}

/** What is wrong with the record header at `at`, as far as its bytes are there. */
function recordProblem(bytes: Uint8Array, at: number): string | undefined {
  if (at < bytes.length && bytes[at] !== contentHandshake) return `record of type ${bytes[at]} within the ClientHello`
  if (at + 1 < bytes.length && bytes[at + 1] !== 3) return `record of major version ${bytes[at + 1]}`
  if (at + 4 >= bytes.length) return undefined
  const length = uint16(bytes, at + 3)
  if (length === 0) return 'empty handshake record'
  return length > maxRecordBytes ? `record of ${length} bytes` : undefined
}

/** Undefined while the message goes on in a later record. */
function finishedMessage(fragments: readonly Uint8Array[], collected: number): MessageOutcome | undefined {
  if (collected < 4) return undefined
  const header = leadingBytes(fragments, 4)
  if (header[0] !== messageClientHello) return malformed(`handshake message of type ${header[0]}`)
  const length = header[1]! * 65_536 + uint16(header, 2)
  if (length > maxMessageBytes) return malformed(`ClientHello of ${length} bytes`)
  if (collected < 4 + length) return undefined
  return { kind: 'message', body: leadingBytes(fragments, 4 + length).subarray(4) }
}

/** The caller has made sure that the fragments hold so many. */
function leadingBytes(fragments: readonly Uint8Array[], length: number): Uint8Array {
  const first = fragments[0]!
  if (first.length >= length) return first.subarray(0, length)
  const joined = new Uint8Array(length)
  let at = 0
  for (const fragment of fragments) {
    const piece = fragment.subarray(0, length - at)
    joined.set(piece, at)
    at += piece.length
    if (at === length) break
  }
  return joined
}

/** RFC 8446 §4.1.2; extensions may be missing altogether (TLS 1.2 and older). */
function parseHello(body: Uint8Array): ClientHello | Malformed {
  const reader = new ByteReader(body)
  const random = reader.take(34)
  const sessionId = reader.vector(1)
  const cipherSuites = reader.vector(2)
  const compressions = reader.vector(1)
  if (random === undefined || sessionId === undefined || cipherSuites === undefined || compressions === undefined) {
    return malformed('ClientHello is cut short')
  }
  if (sessionId.length > 32) return malformed(`session id of ${sessionId.length} bytes`)
  if (cipherSuites.length === 0 || cipherSuites.length % 2 !== 0) return malformed('bad list of cipher suites')
  if (compressions.length === 0) return malformed('no compression method')
  if (reader.isAtEnd) return { kind: 'hello', serverName: '', alpn: [] }
  const extensions = reader.vector(2)
  if (extensions === undefined || !reader.isAtEnd) return malformed('bad length of extensions')
  return parseExtensions(extensions)
}

function parseExtensions(bytes: Uint8Array): ClientHello | Malformed {
  const reader = new ByteReader(bytes)
  const seen = new Set<number>()
  let serverName = ''
  let alpn: readonly string[] = []
  while (!reader.isAtEnd) {
    const type = reader.uint(2)
    const content = reader.vector(2)
    if (type === undefined || content === undefined) return malformed('extension is cut short')
    // RFC 8446 §4.2. Two server names could be read as one by the router and as the other by whoever terminates TLS.
    if (seen.has(type)) return malformed(`extension ${type} is given twice`)
    seen.add(type)
    if (type === extensionServerName) {
      const parsed = parseServerName(content)
      if (parsed === undefined) return malformed('bad server_name extension')
      serverName = parsed
    } else if (type === extensionAlpn) {
      const parsed = parseAlpn(content)
      if (parsed === undefined) return malformed('bad ALPN extension')
      alpn = parsed
    }
  }
  return { kind: 'hello', serverName, alpn }
}

/** RFC 6066 §3: at most one name of each type. Names of types that nobody has defined are skipped. */
function parseServerName(content: Uint8Array): string | undefined {
  const reader = new ByteReader(content)
  const list = reader.vector(2)
  if (list === undefined || list.length === 0 || !reader.isAtEnd) return undefined
  const entries = new ByteReader(list)
  let hostName: string | undefined
  while (!entries.isAtEnd) {
    const type = entries.uint(1)
    const name = entries.vector(2)
    if (type === undefined || name === undefined) return undefined
    if (type !== nameTypeHost) continue
    if (hostName !== undefined) return undefined
    hostName = asHostName(name)
  }
  return hostName ?? ''
}

/** '' for what can't be a host name, so that it meets neither a router nor a certificate, not even by a wildcard. */
function asHostName(bytes: Uint8Array): string {
  const name = latin1(bytes).toLowerCase().replace(/\.$/, '')
  const isName = name.length <= 253 && /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/.test(name)
  return isName && isIP(name) === 0 ? name : ''
}

/** RFC 7301 §3.1. */
function parseAlpn(content: Uint8Array): readonly string[] | undefined {
  const reader = new ByteReader(content)
  const list = reader.vector(2)
  if (list === undefined || list.length === 0 || !reader.isAtEnd) return undefined
  const entries = new ByteReader(list)
  const protocols: string[] = []
  while (!entries.isAtEnd) {
    const protocol = entries.vector(1)
    if (protocol === undefined || protocol.length === 0) return undefined
    protocols.push(latin1(protocol))
  }
  return protocols
}

function malformed(detail: string): Malformed {
  return { kind: 'malformed', detail }
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}
