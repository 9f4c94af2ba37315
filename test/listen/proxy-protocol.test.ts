import { describe, expect, test } from 'bun:test'
import { encodeProxyHeader, parseProxyHeader } from '../../src/listen/proxy-protocol.ts'

const signature2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

function version2(verCmd: number, family: number, body: Uint8Array, length = body.length): Buffer {
  return Buffer.concat([signature2, Buffer.of(verCmd, family, length >> 8, length & 255), body])
}

const ipv4Body = Buffer.of(192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb)
const ipv6Body = Buffer.from(
  '20010db8000000000000000000000001' + '20010db8000000000000000000000002' + 'dc0401bb',
  'hex',
)
const mappedBody = Buffer.from(
  '00000000000000000000ffffc0000201' + '00000000000000000000ffffc6336402' + 'dc0401bb',
  'hex',
)
const tlvs = Buffer.of(0x04, 0, 3, 1, 2, 3, 0x20, 0, 0)

const ipv4Peers = { source: { address: '192.0.2.1', port: 56324 }, destination: { address: '198.51.100.2', port: 443 } }
const ipv6Peers = {
  source: { address: '2001:db8::1', port: 56324 },
  destination: { address: '2001:db8::2', port: 443 },
}
const nobody = { source: undefined, destination: undefined }

const headers = [
  { name: 'TCP4', bytes: Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'), peers: ipv4Peers },
  { name: 'TCP6', bytes: Buffer.from('PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:2 56324 443\r\n'), peers: ipv6Peers },
  {
    name: 'TCP6 with mapped addresses',
    bytes: Buffer.from('PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 56324 443\r\n'),
    peers: ipv4Peers,
  },
  { name: 'UNKNOWN', bytes: Buffer.from('PROXY UNKNOWN\r\n'), peers: nobody },
  { name: 'UNKNOWN with anything', bytes: Buffer.from('PROXY UNKNOWN ffff::1 x 65535 \r\n'), peers: nobody },
  { name: 'version 2 over IPv4', bytes: version2(0x21, 0x11, ipv4Body), peers: ipv4Peers },
  { name: 'version 2 over IPv6', bytes: version2(0x21, 0x21, ipv6Body), peers: ipv6Peers },
  { name: 'version 2 with mapped addresses', bytes: version2(0x21, 0x21, mappedBody), peers: ipv4Peers },
  { name: 'version 2 of datagrams', bytes: version2(0x21, 0x12, ipv4Body), peers: ipv4Peers },
  { name: 'version 2 with TLVs', bytes: version2(0x21, 0x11, Buffer.concat([ipv4Body, tlvs])), peers: ipv4Peers },
  { name: 'version 2 over a Unix socket', bytes: version2(0x21, 0x31, Buffer.alloc(216)), peers: nobody },
  { name: 'version 2 unspecified', bytes: version2(0x21, 0x00, Buffer.of()), peers: nobody },
  { name: 'version 2 LOCAL', bytes: version2(0x20, 0x00, Buffer.of()), peers: nobody },
  { name: 'version 2 LOCAL with addresses', bytes: version2(0x20, 0x11, ipv4Body), peers: nobody },
] as const

describe('parseProxyHeader', () => {
  test.each(headers)('reads $name', ({ bytes, peers }) => {
    expect(parseProxyHeader(bytes)).toEqual({ kind: 'header', end: bytes.length, ...peers })
  })

  test.each(headers)('asks for more at every cut of $name', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(parseProxyHeader(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' })
    }
  })

  test.each(headers)('tells where $name ends, in a view into a larger buffer', ({ bytes, peers }) => {
    const around = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('\r\nGET /')]).subarray(6)
    expect(parseProxyHeader(around)).toEqual({ kind: 'header', end: bytes.length, ...peers })
  })

  test.each(['GET / HTTP/1.1\r\n', 'PROPFIND /', 'PROXYX', 'proxy TCP4', '\x16\x03\x01', '\r\n\r\nGET', '\0'])(
    'finds none in %j',
    (text) => {
      expect(parseProxyHeader(Buffer.from(text, 'latin1'))).toEqual({ kind: 'none' })
    },
  )

  test.each([
    ['PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n', 'family "TCP5"'],
    ['PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n', 'family "tcp4"'],
    ['PROXY \r\n', 'family ""'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n', 'bad address or port'],
    ['PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n', 'bad address or port'],
    ['PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n', 'bad address or port'],
    ['PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n', 'bad address or port'],
    ['PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n', 'bad address or port'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n', 'line feed without carriage return'],
    ['PROXY \n', 'line feed without carriage return'],
    [`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`, 'line without end'],
    [`PROXY ${'x'.repeat(101)}`, 'line without end'],
  ])('refuses %j', (text, detail) => {
    expect(parseProxyHeader(Buffer.from(text))).toEqual({ kind: 'malformed', detail })
  })

  test('takes a line of 107 bytes, the longest that there can be', () => {
    const line = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`
    expect(parseProxyHeader(Buffer.from(line))).toMatchObject({ kind: 'header', end: 107 })
  })

  test.each([
    ['version 1 in binary', version2(0x11, 0x11, ipv4Body), 'version 1'],
    ['an unknown command', version2(0x22, 0x11, ipv4Body), 'command 2'],
    ['an unknown family', version2(0x21, 0x41, ipv4Body), 'family and transport 0x41'],
    ['an unknown transport', version2(0x21, 0x13, ipv4Body), 'family and transport 0x13'],
    ['a transport without a family', version2(0x21, 0x01, ipv4Body), 'family and transport 0x1'],
    ['too few bytes for IPv4', version2(0x21, 0x11, ipv4Body.subarray(1)), 'addresses are cut short'],
    ['too few bytes for IPv6', version2(0x21, 0x21, ipv4Body), 'addresses are cut short'],
    ['too few bytes for a Unix socket', version2(0x21, 0x31, ipv4Body), 'addresses are cut short'],
    ['a length beyond the limit', version2(0x21, 0x11, ipv4Body, 16_385), 'header of 16385 bytes'],
  ])('refuses %s as soon as that shows', (_, bytes, detail) => {
    expect(parseProxyHeader(bytes.subarray(0, 16))).toEqual({ kind: 'malformed', detail })
  })

  test('gives an answer to any bytes', () => {
    const kinds = new Set(['incomplete', 'none', 'malformed', 'header'])
    for (const { bytes } of headers) {
      for (let at = 0; at < bytes.length; at++) {
        for (const value of [0, 0x0a, 0x20, 0x2f, 0x39, 0x7f, 0xff]) {
          const changed = Buffer.from(bytes)
          changed[at] = value
          expect(kinds.has(parseProxyHeader(changed).kind)).toBe(true)
        }
      }
    }
  })
})

describe('encodeProxyHeader', () => {
  const mixed = { source: ipv4Peers.source, destination: ipv6Peers.destination }

  test.each([
    [ipv4Peers, 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'],
    [ipv6Peers, 'PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n'],
    [mixed, 'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 443\r\n'],
    [undefined, 'PROXY UNKNOWN\r\n'],
    [{ ...ipv4Peers, source: { address: '/run/app.sock', port: 0 } }, 'PROXY UNKNOWN\r\n'],
  ])('writes %j in version 1', (peers, line) => {
    expect(Buffer.from(encodeProxyHeader(1, peers)).toString()).toBe(line)
  })

  test.each([
    [ipv4Peers, version2(0x21, 0x11, ipv4Body)],
    [ipv6Peers, version2(0x21, 0x21, ipv6Body)],
    [undefined, version2(0x20, 0, Buffer.of())],
  ])('writes %j in version 2', (peers, bytes) => {
    expect([...encodeProxyHeader(2, peers)]).toEqual([...bytes])
  })

  test.each([1, 2] as const)('is understood by parseProxyHeader in version %d', (version) => {
    for (const peers of [ipv4Peers, ipv6Peers, mixed]) {
      expect(parseProxyHeader(encodeProxyHeader(version, peers))).toMatchObject({ kind: 'header', ...peers })
    }
  })
})
