import { describe, expect, test } from 'bun:test'
import { decodeHuffman } from '../../../src/http2/hpack/huffman.ts'

function decode(hex: string): string | undefined {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return decodeHuffman(bytes, 0, bytes.length)
}

describe('Huffman code', () => {
  // RFC 7541 Appendix C, and the longest codes: an octet of 28 bits, then of 30.
  test.each([
    ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
    ['a8eb 1064 9cbf', 'no-cache'],
    ['6402', '302'],
    ['d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3', 'https://www.example.com'],
    ['ffff fe2f', '\x02'],
    ['ffff fff3', '\n'],
    ['', ''],
  ])('%s is %j', (hex, text) => {
    expect(decode(hex)).toBe(text)
  })

  test.each([
    ['EOS itself', 'ffff ffff'],
    ['padding of a whole octet', '6402 ff'],
    ['padding that is not all ones', 'f1e3 c2e5 f23a 6ba0 ab90 f4fe'],
    ['half a code', 'ffff'],
  ])('is none with %s', (_, hex) => {
    expect(decode(hex)).toBeUndefined()
  })

  test('of a long text is read to its end', () => {
    // Eight times the five bits of `a`.
    expect(decode('18c6318c63'.repeat(2000))).toBe('a'.repeat(16_000))
  })
})
