import { describe, expect, test } from 'bun:test'
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts'

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
}

function decode(decoder: HpackDecoder, hex: string): string[] | undefined {
  const block = bytes(hex)
  return decoder.decode(block, 0, block.length)?.fields
}

const ofRequest = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']

describe('Field sections', () => {
  // RFC 7541 C.3 and C.4: without and with Huffman coding, one after the other on the same connection.
  test.each([
    [
      'as they are',
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    [
      'in Huffman code',
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ])('%s are read with what those before have left', (_, first, second, third) => {
    const decoder = new HpackDecoder(4096, 10_000)
    expect(decode(decoder, first)).toEqual(ofRequest)
    expect(decode(decoder, second)).toEqual([...ofRequest, 'cache-control', 'no-cache'])
    const last = [':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com']
    expect(decode(decoder, third)).toEqual([...last, 'custom-key', 'custom-value'])
  })

  test('forget the oldest fields when the table is full', () => {
    const decoder = new HpackDecoder(4096, 10_000)
    // A table of 100 octets, and three fields of 32 + 10: the first is gone.
    const added = ['a', 'b', 'c'].map((letter) => `40 01 ${Buffer.from(letter).toString('hex')} 09 ${'31'.repeat(9)}`)
    expect(decode(decoder, `3f45 ${added.join(' ')}`)).toHaveLength(6)
    expect(decode(decoder, 'be bf')).toEqual(['c', '1'.repeat(9), 'b', '1'.repeat(9)])
    expect(decode(decoder, 'c0')).toBeUndefined()
  })

  test.each([
    ['an index of nothing', '80'],
    ['an index beyond the table', 'be'],
    ['a name beyond the table', '7f00 0161'],
    ['a text longer than the section', '0001 61 05 62'],
    ['an integer that never ends', 'ff ffff ffff ffff ffff'],
    ['an integer that is cut', 'ff'],
    ['a size of the table after a field', '82 20'],
    ['a size above what was announced', '3fe2 1f'],
    ['a broken Huffman code', '0081 ff 0161'],
  ])('are refused with %s', (_, hex) => {
    expect(decode(new HpackDecoder(4096, 10_000), hex)).toBeUndefined()
  })

  test('are never read beyond their end, wherever they are cut', () => {
    const whole = bytes('828684418cf1e3c2e5f23a6ba0ab90f4ff408825a849e95ba97d7f8925a849e95bb8e8b4bf')
    for (let cut = 0; cut < whole.length; cut++) {
      const { fields } = new HpackDecoder(4096, 10_000).decode(whole, 0, cut) ?? { fields: [] }
      expect([...ofRequest, 'custom-key', 'custom-value'].slice(0, fields.length)).toEqual(fields)
    }
  })

  test('that grow too large keep the table right', () => {
    const decoder = new HpackDecoder(4096, 200)
    const planted = `40 01 61 64 ${'62'.repeat(100)}`
    const section = bytes(`${planted} ${'be'.repeat(1000)} 40 01 63 01 64`)
    const { fields, exceedsLimit } = decoder.decode(section, 0, section.length)!
    expect([fields.length, exceedsLimit]).toEqual([4, true])
    expect(decode(decoder, 'be')).toEqual(['c', 'd'])
  })
})
