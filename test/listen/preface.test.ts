import { describe, expect, test } from 'bun:test'
import { matchHttp2Preface, matchPostgresSslRequest } from '../../src/listen/preface.ts'

const prefaces = [
  { name: 'matchPostgresSslRequest', match: matchPostgresSslRequest, whole: Buffer.of(0, 0, 0, 8, 4, 210, 22, 47) },
  { name: 'matchHttp2Preface', match: matchHttp2Preface, whole: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') },
] as const

describe.each(prefaces)('$name', ({ match, whole }) => {
  test('knows the whole preface, also with bytes after it', () => {
    expect(match(whole)).toBe('yes')
    expect(match(Buffer.concat([whole, Buffer.from('more')]))).toBe('yes')
  })

  test('asks for more at every cut', () => {
    for (let length = 0; length < whole.length; length++) expect(match(whole.subarray(0, length))).toBe('incomplete')
  })

  test('says no at the first byte that differs', () => {
    for (let at = 0; at < whole.length; at++) {
      const other = Buffer.from(whole.subarray(0, at + 1))
      other[at] = other[at]! ^ 1
      expect(match(other)).toBe('no')
    }
  })
})
