import { describe, expect, test } from 'bun:test'
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts'
import { HpackEncoder } from '../../../src/http2/hpack/encoder.ts'

function encode(encoder: HpackEncoder, fields: readonly string[]): Buffer {
  return Buffer.from(encoder.bytes.subarray(0, encoder.encode(fields)))
}

function pair(tableBytes = 4096) {
  const encoder = new HpackEncoder(tableBytes)
  const decoder = new HpackDecoder(65_536, 1_000_000)
  const pass = (fields: readonly string[]) => {
    // `encode` may have made the buffer grow.
    const length = encoder.encode(fields)
    return decoder.decode(encoder.bytes, 0, length)?.fields
  }
  return { encoder, pass }
}

describe('What is encoded', () => {
  test('is decoded as it was, for thousands of sections and a table that overflows', () => {
    const { pass } = pair(600)
    let seed = 7
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let section = 0; section < 2000; section++) {
      const fields = [':status', String(200 + random(5))]
      for (let field = random(8); field > 0; field--) fields.push(`x-${random(6)}`, 'v'.repeat(random(60)) + random(9))
      expect(pass(fields)).toEqual(fields)
    }
  })

  test('may be of any length', () => {
    const { pass } = pair()
    const fields = ['x-long', 'é'.repeat(70_000), 'x-after', 'short']
    expect(pass(fields)).toEqual(fields)
  })

  test('is one octet a field when it has been said before', () => {
    const encoder = new HpackEncoder(4096)
    const fields = [':status', '200', 'server', 'nginx', 'x-a', 'b']
    expect(encode(encoder, fields).length).toBeGreaterThan(6)
    expect(encode(encoder, fields)).toHaveLength(3)
  })

  test.each(['authorization', 'cookie', 'set-cookie', 'proxy-authorization'])('has %s in no table', (name) => {
    const encoder = new HpackEncoder(4096)
    const first = encode(encoder, [name, 'secret'])
    expect(first[0]! & 0xf0).toBe(0x10)
    expect(encode(encoder, [name, 'secret'])).toEqual(first)
  })

  test('follows the peer’s limit for the table, down and up again', () => {
    const { encoder, pass } = pair()
    const fields = ['x-a', '1', 'x-b', '2']
    pass(fields)
    encoder.allow(0)
    encoder.allow(4096)
    // Both sizes are told: the peer has to forget what we have forgotten.
    expect(encode(encoder, []).toString('hex')).toBe('203fe11f')
    encoder.allow(0)
    encoder.allow(4096)
    expect(pass(fields)).toEqual(fields)
    expect(pass(fields)).toEqual(fields)
    encoder.allow(0)
    expect(pass(fields)).toEqual(fields)
    expect(pass(fields)).toEqual(fields)
  })
})
