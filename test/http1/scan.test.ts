import { describe, expect, test } from 'bun:test'
import {
  charClass,
  hasListToken,
  isFieldName,
  isFieldValue,
  isNameAt,
  PATH,
  TARGET,
  toFieldValue,
  TOKEN,
  trimBlank,
  VALUE,
} from '../../src/http1/scan.ts'

const octets = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))

function ofClass(wanted: number): string {
  return octets.filter((_, code) => (charClass[code]! & wanted) !== 0).join('')
}

describe('charClass', () => {
  test('has the tokens of RFC 9110 and no others', () => {
    expect(ofClass(TOKEN)).toBe("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")
  })

  test('has no control character but HTAB in a value', () => {
    expect(octets.filter((octet) => !ofClass(VALUE).includes(octet)).join('')).toBe(
      '\0\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f',
    )
  })

  test('has visible ASCII without a fragment in a target', () => {
    expect(ofClass(TARGET)).toHaveLength(93)
    expect(ofClass(TARGET)).not.toInclude('#')
    expect(ofClass(PATH)).toBe(ofClass(TARGET).replace('?', ''))
  })
})

describe('isNameAt', () => {
  test('knows a name from every other token of its length', () => {
    for (const character of ofClass(TOKEN)) {
      const isSame = character === 'h' || character === 'H'
      expect(isNameAt(`x${character}ost`, 1, 'host')).toBe(isSame)
      expect(isNameAt(`te${character}x`, 0, 'te-x')).toBe(character === '-')
    }
  })
})

describe('hasListToken', () => {
  test.each([
    [undefined, false],
    ['', false],
    ['close', true],
    ['CLOSE', true],
    ['closed', false],
    ['x,close', true],
    ['close\t, x', true],
    ['x, Close ,y', true],
    ['x close', false],
    ['\xa0close,x', false],
  ])('looks for close in %p', (list, expected) => expect(hasListToken(list, 'close')).toBe(expected))
})

describe('trimBlank', () => {
  test.each([
    ['', ''],
    [' \t', ''],
    ['\ta b ', 'a b'],
    ['\xa0a\xa0', '\xa0a\xa0'],
  ])('of %j is %j', (text, trimmed) => expect(trimBlank(text)).toBe(trimmed))
})

describe('isFieldName', () => {
  test.each([
    ['X-Forwarded-For', true],
    ['', false],
    ['a b', false],
    ['a:', false],
    ['é', false],
    ['\u0141', false],
    ['a\n', false],
  ])('of %j is %p', (text, expected) => expect(isFieldName(text)).toBe(expected))
})

describe('isFieldValue', () => {
  test.each([
    ['', true],
    ['a\tb \xff', true],
    ['a\n', false],
    ['\0', false],
    ['\u010a', false],
  ])('of %j is %p', (text, expected) => {
    expect(isFieldValue(text)).toBe(expected)
    expect(isFieldValue(toFieldValue(text))).toBe(true)
  })
})
