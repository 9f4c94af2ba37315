import { describe, expect, test } from 'bun:test'
import { parseClientHello } from '../../src/listen/client-hello.ts'
import {
  alpn,
  bunHello,
  craftHello,
  craftMessage,
  inRecords,
  messageOf,
  opensslHello,
  serverName,
  vector,
  type Extension,
  type HelloParts,
} from './client-hellos.ts'

const [withEverything, withNothing, version12, fromBun] = await Promise.all([
  opensslHello('-servername', 'Shop.Example.org', '-alpn', 'h2,http/1.1'),
  opensslHello('-noservername'),
  opensslHello('-tls1_2', '-servername', 'old.example.org'),
  bunHello('bun.example.org', ['http/1.1']),
])

const known = [
  { client: 'openssl', bytes: withEverything, serverName: 'shop.example.org', alpn: ['h2', 'http/1.1'] },
  { client: 'openssl without SNI and ALPN', bytes: withNothing, serverName: '', alpn: [] },
  { client: 'openssl with TLS 1.2', bytes: version12, serverName: 'old.example.org', alpn: [] },
  { client: 'Bun', bytes: fromBun, serverName: 'bun.example.org', alpn: ['http/1.1'] },
] as const

describe('parseClientHello', () => {
  test.each(known)('reads the hello of $client', ({ bytes, serverName, alpn }) => {
    expect(parseClientHello(bytes)).toEqual({ kind: 'hello', serverName, alpn: [...alpn] })
  })

  test.each(known)('asks for more at every cut of the hello of $client', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(parseClientHello(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' })
    }
  })

  test.each(known)('puts the hello of $client together from records of any size', ({ bytes, serverName, alpn }) => {
    const message = messageOf(bytes)
    for (let size = 1; size <= message.length; size++) {
      expect(parseClientHello(inRecords(message, size))).toEqual({ kind: 'hello', serverName, alpn: [...alpn] })
    }
  })

  test('asks for more at every cut of a hello in many records', () => {
    const bytes = inRecords(messageOf(withEverything), 7)
    for (let length = 0; length < bytes.length; length++) {
      expect(parseClientHello(bytes.subarray(0, length)).kind).toBe('incomplete')
    }
  })

  test('reads a view into a larger buffer, and minds no bytes after the hello', () => {
    const bytes = Buffer.concat([Buffer.from('before'), withEverything, Buffer.from('after')]).subarray(6)
    expect(parseClientHello(bytes)).toMatchObject({ kind: 'hello', serverName: 'shop.example.org' })
  })

  test.each([
    ['HTTP/1', Buffer.from('GET / HTTP/1.1\r\n')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n')],
    ['a Postgres SSLRequest', Buffer.of(0, 0, 0, 8, 4, 210, 22, 47)],
    ['a TLS alert', Buffer.of(0x15, 3, 1, 0, 2, 2, 112)],
    ['a zero byte', Buffer.of(0)],
  ])('knows by its first byte that %s is not TLS', (_, bytes) => {
    expect(parseClientHello(bytes)).toEqual({ kind: 'not-tls' })
    expect(parseClientHello(bytes.subarray(0, 1))).toEqual({ kind: 'not-tls' })
  })
})

describe('the server name', () => {
  test.each([
    ['example.org', 'example.org'],
    ['EXAMPLE.Org', 'example.org'],
    ['example.org.', 'example.org'],
    ['my_host', 'my_host'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['1.2.3', '1.2.3'],
    ['', ''],
    ['.', ''],
    ['.example.org', ''],
    ['example..org', ''],
    ['example.org..', ''],
    ['192.0.2.1', ''],
    ['::1', ''],
    ['[::1]', ''],
    ['*.example.org', ''],
    ['exam ple.org', ''],
    ['example.org\0.evil', ''],
    ['example.org:443', ''],
    ['b\xfccher.example', ''],
    ['a.'.repeat(126) + 'aa', ''],
  ])('%j is taken as %j', (written, expected) => {
    const hello = craftHello({ extensions: [serverName(written)] })
    expect(parseClientHello(hello)).toEqual({ kind: 'hello', serverName: expected, alpn: [] })
  })

  test('is found beside names of types that nobody has defined', () => {
    const entries = Buffer.concat([
      Buffer.of(9),
      vector(2, Buffer.from('x')),
      Buffer.of(0),
      vector(2, Buffer.from('a')),
    ])
    const hello = craftHello({ extensions: [[0, vector(2, entries)]] })
    expect(parseClientHello(hello)).toMatchObject({ serverName: 'a' })
  })
})

describe('a hello', () => {
  const grease: Extension[] = [
    [0x0a0a, Buffer.of()],
    [0xfafa, Buffer.of(0)],
  ]

  test.each<[string, HelloParts, object]>([
    ['without extensions', {}, { serverName: '', alpn: [] }],
    ['with an empty list of extensions', { extensions: [] }, { serverName: '', alpn: [] }],
    ['with GREASE', { extensions: [...grease, serverName('a'), alpn('\x0a\x0a', 'h2')] }, { alpn: ['\n\n', 'h2'] }],
    ['with a session id of 32 bytes', { sessionId: Buffer.alloc(32) }, { serverName: '' }],
    ['with a large extension', { extensions: [[21, Buffer.alloc(40_000)], serverName('far')] }, { serverName: 'far' }],
  ])('%s is read', (_, parts, expected) => {
    expect(parseClientHello(craftHello(parts))).toMatchObject({ kind: 'hello', ...expected })
  })

  test.each<[string, HelloParts, string]>([
    ['with a session id of 33 bytes', { sessionId: Buffer.alloc(33) }, 'session id of 33 bytes'],
    ['without cipher suites', { cipherSuites: Buffer.of() }, 'bad list of cipher suites'],
    ['with half a cipher suite', { cipherSuites: Buffer.of(1, 2, 3) }, 'bad list of cipher suites'],
    ['without compression methods', { compressions: Buffer.of() }, 'no compression method'],
    ['with bytes after its end', { extensions: [], after: Buffer.of(0) }, 'bad length of extensions'],
    ['with half a length of extensions', { after: Buffer.of(0) }, 'bad length of extensions'],
    ['with extensions longer than itself', { after: Buffer.of(0, 9, 1) }, 'bad length of extensions'],
    ['with half an extension', { after: Buffer.of(0, 3, 0, 0, 0) }, 'extension is cut short'],
    [
      'with two server_name extensions',
      { extensions: [serverName('a'), serverName('b')] },
      'extension 0 is given twice',
    ],
    ['with two ALPN extensions', { extensions: [alpn('h2'), alpn('h3')] }, 'extension 16 is given twice'],
    ['with the same GREASE twice', { extensions: [grease[0]!, grease[0]!] }, 'extension 2570 is given twice'],
    ['with two host names', { extensions: [serverName('a', 'b')] }, 'bad server_name extension'],
    ['with an empty server_name', { extensions: [[0, Buffer.of()]] }, 'bad server_name extension'],
    ['with an empty list of names', { extensions: [[0, Buffer.of(0, 0)]] }, 'bad server_name extension'],
    ['with a name cut short', { extensions: [[0, Buffer.of(0, 4, 0, 0, 9, 97)]] }, 'bad server_name extension'],
    ['with an empty ALPN', { extensions: [[16, Buffer.of(0, 0)]] }, 'bad ALPN extension'],
    ['with an empty protocol', { extensions: [alpn('h2', '')] }, 'bad ALPN extension'],
    ['with a protocol cut short', { extensions: [[16, Buffer.of(0, 2, 5, 104)]] }, 'bad ALPN extension'],
  ])('%s is malformed', (_, parts, detail) => {
    expect(parseClientHello(craftHello(parts))).toEqual({ kind: 'malformed', detail })
  })

  test.each<[string, Uint8Array, string]>([
    ['SSLv2 framing', Buffer.of(0x80, 0x2e, 1, 3, 1), 'SSLv2 ClientHello'],
    ['another version of records', Buffer.of(0x16, 2), 'record of major version 2'],
    ['an empty record', Buffer.of(0x16, 3, 1, 0, 0), 'empty handshake record'],
    ['a record over 16 KiB', Buffer.of(0x16, 3, 1, 0x40, 1), 'record of 16385 bytes'],
    ['a ServerHello', inRecords(Buffer.of(2, 0, 0, 9), 9), 'handshake message of type 2'],
    ['a message over 64 KiB', inRecords(Buffer.of(1, 1, 0, 1), 9), 'ClientHello of 65537 bytes'],
    ['an alert amid its records', Buffer.of(0x16, 3, 1, 0, 1, 1, 0x15), 'record of type 21 within the ClientHello'],
    ['an empty message', inRecords(Buffer.of(1, 0, 0, 0), 9), 'ClientHello is cut short'],
  ])('with %s is malformed as soon as that shows', (_, bytes, detail) => {
    expect(parseClientHello(bytes)).toEqual({ kind: 'malformed', detail })
  })

  test('in more records than 128 KiB hold is malformed, however little they say', () => {
    const message = craftMessage({ extensions: [[21, Buffer.alloc(60_000)]] })
    const bytes = inRecords(message, 1)
    expect(parseClientHello(bytes.subarray(0, 131_000))).toEqual({ kind: 'incomplete' })
    expect(parseClientHello(bytes)).toEqual({ kind: 'malformed', detail: 'ClientHello in too many records' })
  })
})

test('parseClientHello gives an answer to any bytes', () => {
  const kinds = new Set(['incomplete', 'not-tls', 'malformed', 'hello'])
  const random = pseudoRandom(7)
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(known[round % known.length]!.bytes)
    for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(256)
    expect(kinds.has(parseClientHello(bytes.subarray(0, 1 + random(bytes.length))).kind)).toBe(true)
  }
})

/** The same numbers in every run (a linear congruential generator), so that a failure can be seen again. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
