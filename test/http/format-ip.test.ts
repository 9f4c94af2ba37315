import { describe, expect, test } from 'bun:test'
import { parseIp } from '../../src/http/ip-range.ts'
import { formatIp } from '../../src/http/format-ip.ts'

describe('formatIp', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['0:0:1:10:100:1000:0:0', '::1:10:100:1000:0:0'],
    ['10:0:0:20:30:40:50:60', '10::20:30:40:50:60'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatIp(parseIp(text)!)).toBe(expected)
  })
})
